// Package migrations embeds the schema.
package migrations

import "embed"

// Files are the migrations. Not FS and not in embed.go: `buffalo build` adds
// both while it runs.
//
//go:embed *
var Files embed.FS
