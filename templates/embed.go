// Package templates holds the pages, embedded in the binary.
package templates

import "embed"

//go:embed all:*
var FS embed.FS
