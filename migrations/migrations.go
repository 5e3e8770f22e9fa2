// Package migrations holds the schema, embedded in the binary.
package migrations

import "embed"

// Files are the migrations. `buffalo build` adds a function FS, and a file
// embed.go of its own, for as long as it runs.
//
//go:embed *.fizz
var Files embed.FS
