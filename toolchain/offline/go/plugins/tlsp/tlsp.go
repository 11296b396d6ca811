// Package tlsp maps HashiCorp's Terraform provider for keys and certificates to
// the tokens of the @pulumi/tls SDK.
package tlsp

import (
	upstream "github.com/hashicorp/terraform-provider-tls/shim"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Version is the version of the npm SDK that this plugin answers for; the build sets it.
var Version string

func res(module, name string) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type("tls:index/" + module + ":" + name)}
}

func fn(name string) *tfbridge.DataSourceInfo {
	return &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember("tls:index/" + name + ":" + name)}
}

// Info describes the provider to the bridge.
func Info() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:                pf.ShimProvider(upstream.New()),
		Name:             "tls",
		Version:          Version,
		UpstreamRepoPath: "none",
		MetadataInfo:     tfbridge.NewProviderMetadata([]byte("{}")),
		Resources: map[string]*tfbridge.ResourceInfo{
			"tls_cert_request":        res("certRequest", "CertRequest"),
			"tls_locally_signed_cert": res("locallySignedCert", "LocallySignedCert"),
			"tls_private_key":         res("privateKey", "PrivateKey"),
			"tls_self_signed_cert":    res("selfSignedCert", "SelfSignedCert"),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"tls_certificate": fn("getCertificate"),
			"tls_public_key":  fn("getPublicKey"),
		},
	}
}
