// schemas prints the bridged plugins' schemas, made from the Terraform providers' own: {"docker": …, "random": …}.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	pfgen "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"mia/offline/plugins/dockerp"
	"mia/offline/plugins/randomp"
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
	random, err := pfgen.GenerateSchema(context.Background(), pfgen.GenerateSchemaOptions{
		ProviderInfo: randomp.Info(), DiagnosticsSink: sink, XInMemoryDocs: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	schemas := map[string]any{
		"docker": docker.PackageSpec,
		"random": json.RawMessage(random.ProviderMetadata.PackageSchema),
	}
	if err := json.NewEncoder(os.Stdout).Encode(schemas); err != nil {
		log.Fatal(err)
	}
}
