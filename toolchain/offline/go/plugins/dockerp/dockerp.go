// Package dockerp maps kreuzwerker's Terraform provider for Docker to the tokens
// of the @pulumi/docker SDK.
package dockerp

import (
	"context"
	"os"
	"runtime"
	"unicode"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	upstream "github.com/terraform-providers/terraform-provider-docker/shim"
)

// Version is the version of the npm SDK that this plugin answers for; the build sets it.
var Version string

func tok(name string) string {
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return "docker:index/" + string(r) + ":" + name
}

func res(name string, over map[string]*tfbridge.SchemaInfo) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type(tok(name)), Fields: over}
}

func fn(name string) *tfbridge.DataSourceInfo {
	return &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember("docker:index/" + name + ":" + name)}
}

func defaultHost(context.Context, tfbridge.ComputeDefaultOptions) (interface{}, error) {
	if h := os.Getenv("DOCKER_HOST"); h != "" {
		return h, nil
	}
	if runtime.GOOS == "windows" {
		return "npipe:////./pipe/docker_engine", nil
	}
	return "unix:///var/run/docker.sock", nil
}

// Info describes the provider to the bridge.
func Info() tfbridge.ProviderInfo {
	p := tfbridge.ProviderInfo{
		P:                shimv2.NewProvider(upstream.New(Version)),
		Name:             "docker",
		Version:          Version,
		GitHubOrg:        "kreuzwerker",
		UpstreamRepoPath: "none",
		MetadataInfo:     tfbridge.NewProviderMetadata([]byte("{}")),
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: &tfbridge.DefaultInfo{ComputeDefault: defaultHost}},
			"registry_auth": {Name: "registryAuth"},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_buildx_builder": res("BuildxBuilder", nil),
			"docker_config":         res("ServiceConfig", nil),
			"docker_container": res("Container", map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			}),
			"docker_image":          res("RemoteImage", map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}),
			"docker_network":        res("Network", nil),
			"docker_plugin":         res("Plugin", nil),
			"docker_registry_image": res("RegistryImage", nil),
			"docker_secret":         res("Secret", nil),
			"docker_service":        res("Service", nil),
			"docker_tag":            res("Tag", nil),
			"docker_volume":         res("Volume", nil),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image":                    fn("getRemoteImage"),
			"docker_logs":                     fn("getLogs"),
			"docker_network":                  fn("getNetwork"),
			"docker_plugin":                   fn("getPlugin"),
			"docker_registry_image":           fn("getRegistryImage"),
			"docker_registry_image_manifests": fn("getRegistryImageManifests"),
		},
	}
	// A container's name and published ports are taken until the old one is gone.
	p.Resources["docker_container"].DeleteBeforeReplace = true
	// Names that Terraform requires become optional: the resource's own name and a suffix.
	p.SetAutonaming(255, "-")
	return p
}
