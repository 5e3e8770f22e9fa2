package view

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

// speaking is the data of a page in a language whose texts name it.
func speaking(language string, more map[string]any) map[string]any {
	data := map[string]any{"lang": language, "t": Translate(func(key string, args ...any) string {
		return fmt.Sprintf(`%s <in> "%s" <%%= secret %%> %v`, key, language, args)
	})}
	maps.Copy(data, more)
	return data
}

// What is written into a template before it is parsed is what would have been
// evaluated: in each language its own, escaped alike, and never a template.
func TestFold_ChangesNoByte(t *testing.T) {
	files := []string{
		"application.plush.html", `<title><%= t("title") %></title><%= partial("nav") %>|<%= partial("row", {n: "1"}) %>|<%= yield %>`,
		"_nav.plush.html", `<nav><%= t("nav") %> <%= partial("deep/leaf") %> <%= if (person) { %><%= t("bye") %> <%= person %><% } else { %><%= t("hello") %><% } %></nav>`,
		"deep/_leaf.plush.html", `<img src="<%= assetPath("logo.svg") %>" alt="<%= t("logo") %>">`,
		"_row.plush.html", `<%= n %> <%= t("row") %>`,
		"show.plush.html", `<h1><%= t("heading") %></h1><%= t("count", {n: 2}) %> <%= for (w) in words { %><%= t("word") %> <%= w %><% } %> <%= assetPath("odd&.svg") %>`,
	}
	options := Options{Templates: templatesOf(files...), Layout: layout, Helpers: map[string]any{
		"assetPath": func(name string) (string, error) { return "/assets/" + name, nil },
	}}
	folded := New(options)
	options.Reload = true // nothing is folded
	evaluated := New(options)
	for _, language := range []string{"en", "de", "en"} {
		for _, person := range []string{"", "Ada <ada@example.com>"} {
			data := speaking(language, map[string]any{"person": person, "words": []string{"one", "<two>"}})
			page := rendered(t, folded, "show", data)
			require.Equal(t, rendered(t, evaluated, "show", data), page)
			require.Contains(t, page, "&lt;%= secret %&gt;", "a text is no template")
			require.Contains(t, page, "&#34;"+language+"&#34;")
		}
	}
}

// A partial's own variables stay its own.
func TestFold_KeepsVariablesApart(t *testing.T) {
	e := engineOf("_own.plush.html", `<% let name = "inner" %><%= name %>`, "show.plush.html", `<% let name = "outer" %><%= partial("own") %> <%= name %>`)
	require.Equal(t, "<main>inner outer</main>", rendered(t, e, "show", speaking("de", nil)))
}

// Mails are plain text from the same texts: nothing is escaped in them.
func TestFold_PlainTextIsNotEscaped(t *testing.T) {
	e := engineOf("letter.plush.txt", `<%= t("greeting") %>`, "letter.plush.html", `<%= t("greeting") %>`)
	for range 2 {
		require.Contains(t, rendered(t, e, "letter.plush.html", speaking("de", nil)), "&lt;in&gt;")
		w := &writer{}
		require.NoError(t, e.Text("letter.plush.txt").Render(w, speaking("de", nil)))
		require.Contains(t, w.text, `greeting <in> "de"`)
	}
}

type writer struct{ text string }

func (w *writer) Write(b []byte) (int, error) { w.text += string(b); return len(b), nil }

// A partial that contains itself is looked into so deep and no deeper.
func TestFold_Ends(t *testing.T) {
	e := engineOf("_loop.plush.html", `<%= partial("loop") %>`)
	data := speaking("de", nil)
	require.Equal(t, `<%= partial("loop") %>`, e.fold(`<%= partial("loop") %>`, data["t"].(Translate), e.given, 0))
}

func TestEngine_Define(t *testing.T) {
	e := engineOf("show.plush.html", `<%= homePath() %>`)
	for _, path := range []string{"/home", "/start"} {
		e.Define(map[string]any{"homePath": func() string { return path }})
		require.Equal(t, "<main>"+path+"</main>", rendered(t, e, "show", nil))
	}
}
