// Package assets holds what browsers load besides the pages, embedded in the binary.
package assets

import "embed"

//go:embed all:*
var FS embed.FS
