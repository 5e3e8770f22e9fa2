package view

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func inLanguage(language string) map[string]any {
	return map[string]any{"t": named(func(key string, args ...any) string {
		return fmt.Sprintf(`%s <in> "%s" <%%= secret %%> %v \\`, key, language, args)
	})}
}

func engineWithLanguages(pairs ...string) *Engine {
	return New(Options{Templates: templatesOf(append([]string{layout, "<main><%= yield %></main>"}, pairs...)...), Layout: layout, Language: inLanguage})
}

// A folded call has the same result as an evaluated one: in the page's language, escaped,
// and not executed as a template.
func TestFold_SameOutput(t *testing.T) {
	files := []string{
		"application.plush.html", `<title><%= t("title") %></title><%= partial("nav") %>|<%= partial("row", {n: "1"}) %>|<%= yield %>`,
		"_nav.plush.html", `<nav><%= t("nav") %> <%= partial("deep/leaf") %> <%= if (person) { %><%= t("bye") %> <%= person %><% } else { %><%= t("hello") %><% } %></nav>`,
		"deep/_leaf.plush.html", `<img src="<%= assetPath("logo.svg") %>" alt="<%= t("logo") %>">`,
		"_row.plush.html", `<%= n %> <%= t("row") %>`,
		"show.plush.html", `<h1><%= t("heading") %></h1><%= t("count", {n: 2}) %> <%= for (w) in words { %><%= t("word") %> <%= w %><% } %> <%= assetPath("odd&.svg") %>`,
	}
	e := New(Options{Templates: templatesOf(files...), Layout: layout, Language: inLanguage, Helpers: map[string]any{
		"assetPath": func(name string) (string, error) { return "/assets/" + name, nil },
	}})
	for _, language := range []string{"en", "de", "en"} {
		for _, person := range []string{"", "Ada <ada@example.com>"} {
			data := map[string]any{"lang": language, "person": person, "words": []string{"one", "<two>"}}
			page := rendered(t, e, "show", data)
			require.Contains(t, page, "&lt;%= secret %&gt;", "a text is no template")
			require.Contains(t, page, "&#34;"+language+"&#34;")
			data["t"] = inLanguage(language)["t"] // a t of the page prevents folding
			require.Equal(t, rendered(t, e, "show", data), page)
		}
	}
}

func TestFold_PageOverridesHelpers(t *testing.T) {
	e := New(Options{Language: inLanguage, Templates: templatesOf(
		"_row.plush.html", `<%= t("row") %>`, "text.plush.html", `<%= t("a") %>`, "given.plush.html", `<%= partial("row", {t: own}) %>`,
		"loop.plush.html", `<%= for (t) in list { %><%= t("a") %><% } %>`, "let.plush.html", `<% let t = own %><%= t("a") %>`, "asset.plush.html", `<%= assetPath("a") %>`, "partial.plush.html", `<%= partial("row") %>`,
	), Helpers: map[string]any{"assetPath": func(name string) (string, error) { return "/assets/" + name, nil }}})
	own := func(key string) string { return "own " + key }
	for name, want := range map[string]string{"text": "own a", "given": "own row", "loop": "own a", "let": "own a", "asset": "own a", "partial": "own row"} {
		for _, overrides := range []bool{true, false, true} {
			data := map[string]any{"lang": "de", "own": own, "list": []any{own}}
			if overrides {
				data["t"], data["assetPath"] = own, own
			}
			if overrides && name == "partial" {
				data["partial"] = own
			}
			page, err := e.Bytes(name, data)
			require.NoError(t, err)
			if overrides || name == "given" || name == "loop" || name == "let" {
				require.Equal(t, want, string(page), name)
			} else {
				require.NotEqual(t, want, string(page), name)
			}
		}
	}
}

func TestFold_KeepsVariablesApart(t *testing.T) {
	e := engineWithLanguages("_own.plush.html", `<% let name = "inner" %><%= name %>`, "show.plush.html", `<% let name = "outer" %><%= partial("own") %> <%= name %>`)
	require.Equal(t, "<main>inner outer</main>", rendered(t, e, "show", map[string]any{"lang": "de"}))
}

func TestFold_PlainTextIsNotEscaped(t *testing.T) {
	e := engineWithLanguages("letter.plush.txt", `<%= t("greeting") %>`, "letter.plush.html", `<%= t("greeting") %>`)
	for range 2 {
		require.Contains(t, rendered(t, e, "letter.plush.html", map[string]any{"lang": "de"}), "&lt;in&gt;")
		var text bytes.Buffer
		require.NoError(t, e.Text("letter.plush.txt").Render(&text, map[string]any{"lang": "de"}))
		require.Contains(t, text.String(), `greeting <in> "de"`)
	}
}

// Compiling ends, although a partial calls itself, directly or through another.
func TestFold_RecursivePartial(t *testing.T) {
	e := engineWithLanguages("_loop.plush.html", `<%= partial("loop") %>`, "_a.plush.html", `a<%= if (more) { %><%= partial("b", {more: again}) %><% } %>`, "_b.plush.html", `b<%= partial("a") %>`, "show.plush.html", `<%= partial("a") %>`)
	loop, err := e.template("_loop")
	require.NoError(t, err)
	l := e.locale("de")
	require.Len(t, e.steps("_loop", loop, &scope{outer: l.scope}, l), 1)
	require.Equal(t, "<main>aba</main>", rendered(t, e, "show", map[string]any{"more": true, "again": false}))
}
