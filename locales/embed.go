// Package locales embeds the texts. A file is a language: copy one to add yours, or delete it.
package locales

import "embed"

//go:embed *.yaml
var FS embed.FS

// Default is the language for browsers that accept no other, and of texts that a file lacks.
var Default = "en-US" // tests set it
