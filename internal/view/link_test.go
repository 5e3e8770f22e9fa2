package view

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinked(t *testing.T) {
	for text, want := range map[string]template.HTML{
		"at https://a.example/x?y=1.\n": `at <a href="https://a.example/x?y=1.">https://a.example/x?y=1.</a>` + "\n",
		"<b>http://a.example/</b>":      `&lt;b&gt;<a href="http://a.example/">http://a.example/</a>&lt;/b&gt;`,
		`"http://a.example/" & more`:    `&#34;<a href="http://a.example/">http://a.example/</a>&#34; &amp; more`,
		"javascript:alert(1)":           "javascript:alert(1)",
	} {
		require.Equal(t, want, Linked(text))
	}
}
