// Package locales holds the texts, one file a language, embedded in the binary.
package locales

import "embed"

//go:embed *.yaml
var FS embed.FS
