// Package commandp is a Pulumi provider that runs commands, here or over SSH, with
// the tokens and properties of the @pulumi/command SDK.
package commandp

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Version is the version of the npm SDK that this plugin answers for; the build sets it.
var Version string

// Provider makes the provider.
func Provider() (p.Provider, error) {
	return infer.NewProviderBuilder().
		WithResources(
			infer.Resource(Command{}),
			infer.Resource(RemoteCommand{}),
			infer.Resource(CopyToRemote{}),
		).
		WithFunctions(infer.Function(Run{})).
		Build()
}
