module mia/offline/consul

go 1.26

require github.com/hashicorp/consul v1.20.5
