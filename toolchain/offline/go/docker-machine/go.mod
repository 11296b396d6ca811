module mia/offline/docker-machine

go 1.26.0

// The revisions of docker/machine's own Gopkg.lock, as pseudo-versions: a module proxy refuses a bare commit.
replace (
	github.com/codegangsta/cli => github.com/urfave/cli v1.11.1-0.20151120215642-0302d3914d2a
	github.com/docker/docker => github.com/moby/moby v1.4.2-0.20170731201646-1009e6a40b29
)

require (
	github.com/Azure/azure-sdk-for-go v5.0.0-beta+incompatible
	github.com/Azure/go-autorest v7.2.1+incompatible
	github.com/aws/aws-sdk-go v1.4.10
	github.com/bugsnag/bugsnag-go v1.0.5
	github.com/cenkalti/backoff v0.0.0-20141124221459-9831e1e25c87
	github.com/codegangsta/cli v0.0.0-00010101000000-000000000000
	github.com/digitalocean/godo v0.0.0-20170317202744-d59ed2fe842b
	github.com/docker/docker v0.0.0-00010101000000-000000000000
	github.com/docker/machine v0.16.2
	github.com/exoscale/egoscale v0.9.23
	github.com/go-ini/ini v1.25.4
	github.com/google/go-querystring v0.0.0-20140804062624-30f7a39f4a21
	github.com/intel-go/cpuid v0.0.0-20181003105527-1a4a6f06a1c6
	github.com/rackspace/gophercloud v0.0.0-20150408191457-ce0f487f6747
	github.com/samalba/dockerclient v0.0.0-20160531175551-a30362618471
	github.com/skarademir/naturalsort v0.0.0-20150715044055-69a5d87bef62
	github.com/tent/http-link-go v0.0.0-20130702225549-ac974c61c2f9
	github.com/vmware/govcloudair v0.0.2
	github.com/vmware/govmomi v0.6.2
)

require (
	github.com/bugsnag/panicwrap v1.2.0 // indirect
	github.com/dgrijalva/jwt-go v3.2.0+incompatible // indirect
	github.com/docker/go-units v0.5.0 // indirect
	github.com/jinzhu/copier v0.4.0 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/kardianos/osext v0.0.0-20190222173326-2bc1f35cddc0 // indirect
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	google.golang.org/api v0.311.0 // indirect
)
