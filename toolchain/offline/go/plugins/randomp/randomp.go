// Package randomp maps HashiCorp's Terraform provider for random values to the
// tokens of the @pulumi/random SDK.
package randomp

import (
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	upstream "github.com/terraform-providers/terraform-provider-random/shim"
)

// Version is the version of the npm SDK that this plugin answers for; the build sets it.
var Version string

func res(name string) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type("random:index/random" + name + ":Random" + name)}
}

// Info describes the provider to the bridge.
func Info() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:                pf.ShimProvider(upstream.New()),
		Name:             "random",
		Version:          Version,
		UpstreamRepoPath: "none",
		MetadataInfo:     tfbridge.NewProviderMetadata([]byte("{}")),
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_bytes":    res("Bytes"),
			"random_id":       res("Id"),
			"random_integer":  res("Integer"),
			"random_password": res("Password"),
			"random_pet":      res("Pet"),
			"random_shuffle":  res("Shuffle"),
			"random_string":   res("String"),
			"random_uuid":     res("Uuid"),
			"random_uuid4":    res("Uuid4"),
			"random_uuid7":    res("Uuid7"),
		},
	}
}
