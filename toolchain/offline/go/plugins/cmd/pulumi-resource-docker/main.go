package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"mia/offline/plugins/dockerp"
	"mia/offline/plugins/schema"
)

func main() {
	tfbridge.Main("docker", dockerp.Version, dockerp.Info(), schema.Beside())
}
