// schemas prints the bridged plugins' schemas, made from the Terraform providers' own: {"docker": …, "random": …, "tls": …}.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	pfgen "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"mia/offline/plugins/dockerp"
	"mia/offline/plugins/randomp"
	"mia/offline/plugins/tlsp"
)

func main() {
	// What it would say is about documentation that isn't wanted here.
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	docker, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo: dockerp.Info(), DiagnosticsSink: sink, XInMemoryDocs: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	framework := func(info tfbridge.ProviderInfo) json.RawMessage {
		made, err := pfgen.GenerateSchema(context.Background(), pfgen.GenerateSchemaOptions{
			ProviderInfo: info, DiagnosticsSink: sink, XInMemoryDocs: true,
		})
		if err != nil {
			log.Fatal(err)
		}
		return made.ProviderMetadata.PackageSchema
	}
	schemas := map[string]any{
		"docker": docker.PackageSpec,
		"random": framework(randomp.Info()),
		"tls":    framework(tlsp.Info()),
	}
	if err := json.NewEncoder(os.Stdout).Encode(schemas); err != nil {
		log.Fatal(err)
	}
}
