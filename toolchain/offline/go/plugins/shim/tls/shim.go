// Package shim re-exports the upstream TLS provider's constructor.
package shim

import (
	tf "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-provider-tls/internal/provider"
)

// New makes the upstream plugin-framework provider.
func New() tf.Provider { return provider.New() }
