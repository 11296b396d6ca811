package main

import (
	"context"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"

	"mia/offline/plugins/schema"
	"mia/offline/plugins/tlsp"
)

func main() {
	pf.Main(context.Background(), "tls", tlsp.Info(), pf.ProviderMetadata{PackageSchema: schema.Beside()})
}
