// Package schema finds the schema that the build has laid beside a plugin. Only `pulumi package get-schema` and
// the like ever ask for it.
package schema

import (
	"os"
	"path/filepath"
)

// Beside returns the schema of the plugin that runs, or an empty one.
func Beside() []byte {
	self, err := os.Executable()
	if err != nil {
		return []byte("{}")
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(self), "schema.json"))
	if err != nil {
		return []byte("{}")
	}
	return b
}
