// Package migrations holds the schema's history, embedded in the binary.
package migrations

import "embed"

//go:embed *.fizz
var FS embed.FS
