package view

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/plush/v4"
	"github.com/stretchr/testify/require"
)

var stockFiles = templatesOf(
	layout, "<main><%= yield %></main>", "bare.plush.html", "[<%= yield %>]",
	"show.plush.html", `<p><%= name %></p>`, "plain.html", `<b><%= name %></b>`, "admin/show.plush.html", `<i><%= name %></i>`,
	"_row.plush.html", `(<%= name %>)`, "_frame.plush.html", `{<%= yield %>}`, "_list.md", "* <%= name %>\n* two",
	"note.md", "# Note\n\nof *<%= name %>*\n", "letter.plush.md", "**<%= name %>**", "go.tmpl", "{{.name}} {{if .yes}}yes{{end}}",
	"translated.plush.html", "in English", "translated.plush.de.html", "auf Deutsch", "translated.plush.pt-br.html", "em português",
	"partials.plush.html", `<%= partial("row") %> <%= partial("row.html") %> <%= partial("row", {layout: "frame"}) %> <%= partial("list.md") %>`,
	"script.plush.js", `alert("<%= name %>"); <%= partial("row.html") %>`, "admins/index.plush.html", "all", "text.plush.txt", `<%= name %> <%= pluralize("widget") %>`,
	"form.plush.html", `<%= form({action: "/x", method: "PUT"}) { %><%= f.InputTag({name: "Name"}) %><% } %><%= form_for(widget, {action: "/x"}) { %><%= f.InputTag("Name") %><% } %><%= remoteForm({action: "/x"}) { %><% } %>`,
	"content.plush.html", `<% contentFor("head") { %><b><%= name %></b><% } %><%= contentOf("head") %><%= linkTo("/x", {body: "go"}) %><%= contentType %>`,
	"code.plush.html", `<% let total = 0 %><%= for (i) in range(1, 5) { %><%= if (i == 2) { continue } %><%= if (i == 4) { break } %><% total = total + i %><%= i %><% } %>=<%= total %><% let twice = fn(x) { return x + x } %><%= twice("ab") %><%= markdown("*a*") %><%= camelize("a_b") %>`,
)

func stockData() map[string]any {
	return map[string]any{"name": "Ada <x>", "yes": true, "widget": &widget{ID: "1", Name: "Bolt"}}
}

func TestStock_SamePages(t *testing.T) {
	stock := render.New(render.Options{TemplatesFS: stockFiles, HTMLLayout: layout, Helpers: render.Helpers{"x": 1}})
	ours := New(Options{Templates: stockFiles, Layout: layout, Helpers: map[string]any{"x": 1}})
	for _, names := range [][]string{
		{"show"}, {"show.html"}, {"show.plush.html"}, {"/show.html"}, {"admin/show"}, {"plain"}, {"plain.html"}, {"show.html", "bare.html"}, {"show.html", "bare.html", layout},
		{"note.md"}, {"letter.md"}, {"letter.plush.md"}, {"go.tmpl"}, {"partials"}, {"form"}, {"content"}, {"code"}, {"translated"},
	} {
		for _, languages := range [][]string{nil, {"de-AT", "en-US"}, {"pt-BR", "en-US"}, {"fr", "en-US"}} {
			data := [2]map[string]any{stockData(), stockData()}
			if languages != nil {
				data[0]["languages"], data[1]["languages"] = languages, languages
			}
			want, got := new(bytes.Buffer), new(bytes.Buffer)
			require.NoError(t, stock.HTML(names...).Render(want, data[0]), names)
			require.NoError(t, ours.HTML(names...).Render(got, data[1]), names)
			require.Equal(t, want.String(), got.String(), "%v %v", names, languages)
		}
	}
	require.ErrorContains(t, ours.HTML("none").Render(io.Discard, stockData()), "could not find template none.html")
}

func TestStock_OtherRenderers(t *testing.T) {
	stock := render.New(render.Options{TemplatesFS: stockFiles, HTMLLayout: layout, Helpers: render.Helpers{"x": 1}})
	ours := New(Options{Templates: stockFiles, Layout: layout, Helpers: map[string]any{"x": 1}, Language: inLanguage})
	for name, renderer := range map[string]func(*render.Engine) render.Renderer{
		"String": func(e *render.Engine) render.Renderer {
			return e.String(`<%%= name %%> <%%= pluralize("widget") %%> %d`, 7)
		},
		"Plain":      func(e *render.Engine) render.Renderer { return e.Plain("text.txt") },
		"JavaScript": func(e *render.Engine) render.Renderer { return e.JavaScript("script.js") },
		"JSON":       func(e *render.Engine) render.Renderer { return e.JSON(stockData()) },
		"XML":        func(e *render.Engine) render.Renderer { return e.XML([]string{"a"}) },
		"Template":   func(e *render.Engine) render.Renderer { return e.Template("text/x", "show.html", "bare.html") },
		"Auto":       func(e *render.Engine) render.Renderer { return e.Auto(context.Background(), &admin{"Ada"}) },
		"Download": func(e *render.Engine) render.Renderer {
			return e.Download(answering{context.Background()}, "x.txt", strings.NewReader("x"))
		},
		"Func": func(e *render.Engine) render.Renderer {
			return e.Func("text/x", func(w io.Writer, data render.Data) error {
				_, err := fmt.Fprint(w, data["name"])
				return err
			})
		},
	} {
		want, got := new(bytes.Buffer), new(bytes.Buffer)
		require.NoError(t, renderer(stock).Render(want, maps.Clone(stockData())), name)
		require.NoError(t, renderer(ours.Engine).Render(got, maps.Clone(stockData())), name)
		require.Equal(t, want.String(), got.String(), name)
		require.Equal(t, renderer(stock).ContentType(), renderer(ours.Engine).ContentType(), name)
	}
	var b bytes.Buffer
	require.NoError(t, ours.String(`<%= t("a") %> <%= x %> <%= len(unique(list)) %>`).Render(&b, render.Data{"lang": "de", "x": "of the page", "list": []string{"a", "a"}}))
	require.Contains(t, b.String(), `&#34;de&#34;`)
	require.Contains(t, b.String(), "of the page 1")
}

// answering is a context with a response, in which Download sets headers.
type answering struct{ context.Context }

func (answering) Response() http.ResponseWriter { return httptest.NewRecorder() }

type admin struct{ Name string }

func TestStock_DoesNotChangePlush(t *testing.T) {
	before := maps.Clone(plush.Helpers.Helpers())
	rendered(t, engineOf("show.plush.html", `<% let x = "1" %><%= x %>`), "show", nil)
	require.Len(t, plush.Helpers.Helpers(), len(before))
	text, err := plush.Render(`<%= pluralize("widget") %>`, plush.NewContext())
	require.NoError(t, err)
	require.Equal(t, "widgets", text)
}

func TestStock_AssetHelpers(t *testing.T) {
	e := New(Options{Helpers: map[string]any{"assetPath": func(name string) (string, error) { return "/assets/1-" + name, nil }}, Templates: templatesOf(
		"show.html", `<%= javascriptTag("a.js") %><%= javascriptTag("a.js", {defer: true}) %><%= stylesheetTag("a.css") %><%= imgTag("a.png", {alt: ""}) %>`, "text.txt", `<%= assetPath("a.txt") %>`)})
	require.Equal(t, `<script src="/assets/1-a.js" type="text/javascript"></script><script defer="true" src="/assets/1-a.js" type="text/javascript"></script>`+
		`<link href="/assets/1-a.css" media="screen" rel="stylesheet"><img alt="" src="/assets/1-a.png">`, strings.ReplaceAll(rendered(t, e, "show", nil), " />", ">"))
	var b bytes.Buffer
	require.NoError(t, e.Plain("text.txt").Render(&b, render.Data{}))
	require.Equal(t, "/assets/1-a.txt", b.String())
}

func TestStock_PartialFeeder(t *testing.T) {
	e := New(Options{Templates: templatesOf("show.html", `<%= partial("x") %>`), Helpers: map[string]any{"partialFeeder": func(name string) (string, error) { return "fed " + name, nil }}})
	require.Equal(t, "fed x", rendered(t, e, "show", nil))
}
