module mia/offline/consul-template

go 1.26

require github.com/hashicorp/consul-template v0.41.1
