// Package locales embeds the texts, one file a language.
package locales

import "embed"

//go:embed *.yaml
var FS embed.FS
