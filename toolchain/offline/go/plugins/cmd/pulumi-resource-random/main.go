package main

import (
	"context"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"

	"mia/offline/plugins/randomp"
	"mia/offline/plugins/schema"
)

func main() {
	pf.Main(context.Background(), "random", randomp.Info(), pf.ProviderMetadata{PackageSchema: schema.Beside()})
}
