// Package assets holds what browsers load besides the pages, embedded in the binary.
package assets

import "embed"

//go:embed css images js favicon.ico favicon.svg robots.txt
var FS embed.FS
