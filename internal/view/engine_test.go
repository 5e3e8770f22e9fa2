package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/helpers/hctx"
	"github.com/gobuffalo/plush/v4"
	"github.com/stretchr/testify/require"
)

// counting is a file system that counts how often each file is opened.
type counting struct {
	fs.FS
	mu    sync.Mutex
	opens map[string]int
}

func (c *counting) Open(name string) (fs.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opens[name]++
	return c.FS.Open(name)
}

// templatesOf returns template files from pairs of a name and a text.
func templatesOf(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

const layout = "application.plush.html"

// engineOf returns an engine with template files and a minimal layout.
func engineOf(pairs ...string) *Engine {
	files := templatesOf(append([]string{layout, "<main><%= yield %></main>"}, pairs...)...)
	return New(Options{Templates: files, Layout: layout})
}

func rendered(t *testing.T, e *Engine, name string, data map[string]any) string {
	t.Helper()
	page, err := e.Bytes(name, data)
	require.NoError(t, err)
	return string(page)
}

func TestEngine_Layout(t *testing.T) {
	e := engineOf("show.plush.html", "<p><%= name %></p>", "bare.plush.html", "[<%= yield %>]")
	require.Equal(t, "<main><p>Ada</p></main>", rendered(t, e, "show.plush.html", map[string]any{"name": "Ada"}))

	var other bytes.Buffer
	require.NoError(t, e.HTML("show.plush.html", "bare.plush.html").Render(&other, map[string]any{"name": "Ada"}))
	require.Equal(t, "[<p>Ada</p>]", other.String(), "a layout of its own")
	require.Equal(t, "text/html; charset=utf-8", e.HTML("show.plush.html").ContentType())
}

func TestEngine_ParsesOnce(t *testing.T) {
	for _, reload := range []bool{false, true} {
		files := &counting{FS: templatesOf(layout, "<%= yield %>", "show.plush.html", `<%= partial("row") %>`, "_row.plush.html", "row"), opens: map[string]int{}}
		e := New(Options{Templates: files, Layout: layout, Reload: reload})
		for range 3 {
			require.Equal(t, "row", rendered(t, e, "show.plush.html", nil))
		}
		want := 1
		if reload {
			want = 3
		}
		require.Equal(t, map[string]int{layout: want, "show.plush.html": want, "_row.plush.html": want}, files.opens)
	}
}

func TestEngine_Reload(t *testing.T) {
	for reload, want := range map[bool]string{false: "before", true: "after"} {
		files := templatesOf(layout, "<%= yield %>", "show.plush.html", "before")
		e := New(Options{Templates: files, Layout: layout, Reload: reload})
		require.Equal(t, "before", rendered(t, e, "show.plush.html", nil))
		files["show.plush.html"] = &fstest.MapFile{Data: []byte("after")}
		require.Equal(t, want, rendered(t, e, "show.plush.html", nil))
	}
}

// Names may leave out .plush and .html.
func TestEngine_PartialNames(t *testing.T) {
	e := engineOf("widgets/_form.plush.html", "form", "_nav.plush.html", "nav", "show.plush.html",
		`<%= partial("widgets/form") %> <%= partial("widgets/form.html") %> <%= partial("widgets/form.plush.html") %> <%= partial("nav") %>`,
		"path.plush.html", `<%= partial("./nav") %> <%= partial("widgets//form") %> <%= partial("widgets/../nav") %>`,
		"_help.plush.de.html", "Hilfe", "_help.fr.plush.html", "aide", "language.plush.html", `<%= partial("help.de.html") %> <%= partial("help.fr.html") %>`,
	)
	require.Equal(t, "<main>form form form nav</main>", rendered(t, e, "show", nil))
	require.Equal(t, "<main>form form form nav</main>", rendered(t, e, "show.html", nil))
	require.Equal(t, "<main>nav form nav</main>", rendered(t, e, "path", nil))
	require.Equal(t, "<main>Hilfe aide</main>", rendered(t, e, "language", nil))
}

// A partial sees its arguments and the variables of its caller. Its arguments and its
// own variables end with the call.
func TestEngine_PartialScope(t *testing.T) {
	e := engineOf("_row.plush.html", `<% let inner = "set" %><%= person %>=<%= label %>`,
		"show.plush.html", `<%= partial("row", {label: "one"}) %>,<%= partial("row", {label: "two"}) %>,<%= if (inner) { %>leaked<% } %><%= if (label) { %>leaked<% } %>`)
	require.Equal(t, "<main>Ada=one,Ada=two,</main>", rendered(t, e, "show", map[string]any{"person": "Ada"}))
}

// Data is escaped, and not executed as a template, in the page, the layout and a partial.
func TestEngine_Escapes(t *testing.T) {
	const typed = `<script>alert("1")</script>&'<%= secret %>`
	e := New(Options{Layout: layout, Templates: templatesOf(
		layout, `<%= typed %>|<%= yield %>`, "_row.plush.html", `<%= typed %><%= given %>`,
		"show.plush.html", `<a title="<%= typed %>"><%= partial("row", {given: typed}) %></a><%= [typed] %><%= list %><%= t("key") %>`),
		Language: func(string) map[string]any { return map[string]any{"t": func(string, ...any) string { return typed }} }})
	page := rendered(t, e, "show", map[string]any{"typed": typed, "secret": "obeyed", "list": []string{typed}})
	for _, raw := range []string{"<script", `"1"`, "obeyed", "&'"} {
		require.NotContains(t, page, raw)
	}
	require.Equal(t, 7, strings.Count(page, "&lt;script&gt;"))
	require.Equal(t, "<main><b>ours</b></main>", rendered(t, engineOf("show.plush.html", "<%= ours %>"), "show", map[string]any{"ours": template.HTML("<b>ours</b>")}))
}

// An incomplete page must not be sent.
func TestEngine_ErrorsRenderNothing(t *testing.T) {
	boom := func() (string, error) { return "", errors.New("boom") }
	for name, want := range map[string]string{
		"missing": "template missing", "unknown": "template unknown", "fails": "template fails: ", "broken": "template broken: ",
		"partial_missing": "template nope/_gone: ", "partial_fails": "partial fails: ",
	} {
		e := engineOf("unknown.plush.html", "shown <%= nobody %>", "fails.plush.html", "shown <%= boom() %>", "broken.plush.html", "shown <%= if (",
			"partial_missing.plush.html", `shown <%= partial("nope/gone") %>`, "partial_fails.plush.html", `shown <%= partial("fails") %>`,
			"_fails.plush.html", "shown <%= boom() %>")
		var page bytes.Buffer
		err := e.HTML(name).Render(&page, map[string]any{"boom": boom})
		require.ErrorContains(t, err, want)
		require.Zero(t, page.Len(), name)
	}
	var page bytes.Buffer
	e := New(Options{Layout: layout, Templates: templatesOf(layout, "shown <%= boom() %>", "show.plush.html", "fine")})
	require.ErrorContains(t, e.HTML("show").Render(&page, map[string]any{"boom": boom}), "boom", "in the layout")
	require.Zero(t, page.Len())
}

// An error is not cached, because the file may be corrected.
func TestEngine_ErrorIsNotCached(t *testing.T) {
	files := templatesOf(layout, "<%= yield %>", "show.plush.html", "<%= if (")
	e := New(Options{Layout: layout, Templates: files})
	_, err := e.Bytes("show", nil)
	require.Error(t, err)
	files["show.plush.html"] = &fstest.MapFile{Data: []byte("fixed")}
	require.Equal(t, "fixed", rendered(t, e, "show", nil))
}

// Pages that are rendered concurrently share parsed templates, but no data.
func TestEngine_ConcurrentPagesDoNotMix(t *testing.T) {
	e := engineOf("_who.plush.html", "<%= who %>", "show.plush.html", `<%= for (i) in range(1, 3) { %><%= partial("who") %><% } %>`, "stock.plush.html", `<% let x = who %><%= for (i) in range(1, 3) { %><%= partial("who") %><% } %>`)
	var all sync.WaitGroup
	for n := range 20 {
		who := string(rune('a' + n))
		all.Go(func() {
			for i := range 20 {
				page, err := e.Bytes([]string{"show", "stock"}[i%2], map[string]any{"who": who})
				if err != nil || string(page) != "<main>"+who+who+who+"</main>" {
					t.Errorf("%s got %s, %v", who, page, err)
				}
			}
		})
	}
	all.Wait()
}

// A name that a template sets is visible neither on the next page nor to the handler.
func TestEngine_KeepsNothingBetweenPages(t *testing.T) {
	e := engineOf("first.plush.html", `<% let who = "Ada" %><%= who %>`, "second.plush.html", "<%= if (who) { %>leaked<% } %>")
	data := map[string]any{}
	require.Equal(t, "<main>Ada</main>", rendered(t, e, "first", data))
	require.Empty(t, data)
	require.Equal(t, "<main></main>", rendered(t, e, "second", nil))
}

func TestEngine_HelpersOfTheApp(t *testing.T) {
	e := New(Options{Layout: layout, Helpers: map[string]any{"assetPath": func(name string) string { return "/assets/" + name }, "truncate": func() string { return "ours wins" }},
		Templates: templatesOf(layout, "<%= yield %>", "show.plush.html", `<%= assetPath("x.css") %> <%= truncate() %>`)})
	require.Equal(t, "/assets/x.css ours wins", rendered(t, e, "show", nil))
}

// Plain text is not escaped.
func TestEngine_TextIsNotEscaped(t *testing.T) {
	e := engineOf("mail.plush.txt", `<%= name %>: <%= t("greet", {name: name}) %> <%= link %>`)
	translate := named(func(_ string, args ...any) string {
		return fmt.Sprintf("Hello & <%s>", args[0].(map[string]any)["name"])
	})
	var text bytes.Buffer
	require.NoError(t, e.Text("mail.plush.txt").Render(&text, map[string]any{"name": "O'Brien", "t": translate, "link": "https://a.example/?x=1&y=2"}))
	require.Equal(t, "O'Brien: Hello & <O'Brien> https://a.example/?x=1&y=2", text.String(), "without the layout")
	require.Equal(t, "text/plain; charset=utf-8", e.Text("mail.plush.txt").ContentType())
}

// Texts in lists and structs are not escaped either.
func TestEngine_TextOfListsIsNotEscaped(t *testing.T) {
	type row struct{ Name string }
	for _, start := range []string{"", "<% let left_to_plush = 1 %>"} {
		e := engineOf("mail.plush.txt", start+`<%= for (row) in rows { %><%= row.Name %>;<% } %><%= for (name) in names { %><%= name %>;<% } %>`)
		var text bytes.Buffer
		require.NoError(t, e.Text("mail.plush.txt").Render(&text, map[string]any{"rows": []row{{`"Tom" & <Jerry>`}}, "names": []string{"it's", "&lt;"}}))
		require.Equal(t, `"Tom" & <Jerry>;it's;&lt;;`, text.String())
	}
}

// Options.Language is called once for each language, for HTML and plain text together.
func TestEngine_Language(t *testing.T) {
	calls := map[string]int{}
	e := New(Options{Layout: layout, Templates: templatesOf(layout, "<%= yield %>", "show.plush.html", `<%= greeting %> <%= t("a") %>`, "letter.plush.txt", `<%= t("a") %>`),
		Language: func(name string) map[string]any {
			calls[name]++
			return map[string]any{"greeting": "hello in " + name, "t": named(func(key string, _ ...any) string { return key + "'" + name })}
		}})
	for range 2 {
		for _, name := range []string{"de", "fr"} {
			require.Equal(t, "hello in "+name+" a&#39;"+name, rendered(t, e, "show", map[string]any{"lang": name}))
			var text bytes.Buffer
			require.NoError(t, e.Text("letter.plush.txt").Render(&text, map[string]any{"lang": name}))
			require.Equal(t, "a'"+name, text.String())
		}
	}
	require.Equal(t, map[string]int{"de": 1, "fr": 1}, calls)
}

// A page without a known language gets the helpers of "".
func TestEngine_UnknownLanguage(t *testing.T) {
	calls := map[string]int{}
	e := New(Options{Templates: templatesOf("show.html", `<%= t("a") %> <%= t(key) %>`), Language: func(name string) map[string]any {
		calls[name]++
		if name != "" && name != "de" {
			return nil
		}
		return map[string]any{"t": named(func(key string, _ ...any) string { return key + " in '" + name + "'" })}
	}})
	for _, lang := range []any{nil, 42, "", "xx", []string{"de"}, (*string)(nil), template.HTML("de")} {
		require.Equal(t, "a in &#39;&#39; b in &#39;&#39;", rendered(t, e, "show", map[string]any{"lang": lang, "key": "b"}))
	}
	require.Equal(t, "a in &#39;de&#39; b in &#39;de&#39;", rendered(t, e, "show", map[string]any{"lang": "de", "key": "b"}))
	require.Equal(t, map[string]int{"": 1, "de": 1, "xx": 1}, calls)
}

// Buffalo puts path helpers into the data of a page.
func TestEngine_PathHelpers(t *testing.T) {
	app := buffalo.New(buffalo.Options{})
	app.GET("/widgets/{widget_id}", func(buffalo.Context) error { return nil }).Name("widget")
	app.GET("/login", func(buffalo.Context) error { return nil }).Name("login")
	data := map[string]any{"id": 7}
	for name, helper := range app.RouteHelpers() {
		data[name] = helper
	}
	e := New(Options{OnFallback: func(string) { t.Error("not compiled") }, Templates: templatesOf(
		"show.html", `<a href="<%= loginPath() %>"><%= loginPath({next: "/a b"}) %> <%= widgetPath({widget_id: id}) %> <%= partial("link") %></a>`, "_link.html", `<%= loginPath() %>`, "none.html", `<%= widgetPath() %>`)})
	require.Equal(t, `<a href="/login">/login?next=%2Fa+b /widgets/7 /login</a>`, rendered(t, e, "show", data), "without Buffalo's slash at the end")
	stock := New(Options{Templates: templatesOf("show.html", `<% let home = rootPath() %><%= home %> <%= linkTo(loginPath(), {body: "x"}) %>`)})
	app.GET("/", func(buffalo.Context) error { return nil })
	data["rootPath"] = app.RouteHelpers()["rootPath"]
	require.Equal(t, `/ <a href="/login">x</a>`, rendered(t, stock, "show", data), "plush renders this page")
	var fragment bytes.Buffer
	require.NoError(t, stock.Template("text/html", "show.html").Render(&fragment, data))
	require.Equal(t, `/ <a href="/login">x</a>`, fragment.String(), "by Buffalo's engine, too")
	_, err := e.Bytes("none", data)
	require.ErrorContains(t, err, "missing parameters")
}

// Plush alone would not escape a Stringer.
func TestEngine_EscapesStringers(t *testing.T) {
	e := New(Options{Templates: templatesOf("show.html", `<%= link %>|<%= user.Link %>|<%= [link] %>`)})
	link := &url.URL{Scheme: "javascript", Opaque: `"<script>`}
	require.Equal(t, strings.TrimSuffix(strings.Repeat("javascript:&#34;&lt;script&gt;|", 3), "|"), rendered(t, e, "show", map[string]any{"link": link, "user": struct{ Link fmt.Stringer }{link}}))
}

// In development, the log says once for each template that it is not compiled, and why.
func TestEngine_LogsWhatIsNotCompiled(t *testing.T) {
	before, flags, output := slog.Default(), log.Flags(), log.Writer()
	t.Cleanup(func() { slog.SetDefault(before); log.SetFlags(flags); log.SetOutput(output) })
	for name, want := range map[string]string{
		"show": "", "let": `reason="let x = 1;"`, "inner": `reason="let y = 2;"`, "partial": `reason="let z = 3; in the partial _let"`,
		"helper": `reason="<%= linkTo(\"/\", {body: \"x\"}); %>"`, "note.md": "reason=\"Buffalo's own engine", "late": "",
		"dynamic": `template=_let reason="let z = 3;"`, "dynamic_note": `template=_note.md reason="a partial in another format, or with a layout"`,
	} {
		for _, reload := range []bool{true, false} {
			var text bytes.Buffer
			slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
			e := New(Options{Reload: reload, Templates: templatesOf(
				"show.html", `<%= 1 %>`, "let.html", `<%= 1 %><% let x = 1 %><% let y = 2 %>`, "inner.html", `<%= if (true) { %><% let y = 2 %><% } %>`,
				"partial.html", `<%= partial("let") %>`, "_let.html", `<% let z = 3 %>`, "helper.html", `<%= linkTo("/", {body: "x"}) %>`,
				"note.md", "text", "late.html", `<%= 1 %><%= inContext() %>`, "dynamic.html", `<%= partial("l" + "et") %>`, "dynamic_note.html", `<%= partial("no" + "te.md") %>`, "_note.md", "text")})
			for range 2 {
				rendered(t, e, name, map[string]any{"inContext": func(plush.HelperContext) string { return "" }})
			}
			if want == "" || !reload {
				require.Empty(t, text.String(), name)
				continue
			}
			require.Equal(t, 1, strings.Count(text.String(), "\n"), text.String())
			if !strings.HasPrefix(want, "template=") {
				want = "template=" + name + " " + want
			}
			require.Contains(t, text.String(), `level=INFO msg="template not compiled" `+want)
		}
	}
}

// A helper is called once for each page, even if plush renders the page.
func TestEngine_CallsHelpersOnce(t *testing.T) {
	e := New(Options{Templates: templatesOf("show.html", `<%= count() %> <%= partial("stock") %> <%= linkTo("/", {body: "x"}) %>`, "_stock.html", `<% let x = count() %><%= x %>`,
		"late.html", `<%= count() %> <%= inContext() %> <%= partial("st" + "ock") %> <%= partial("no" + "te.md") %> <%= partial("st" + "ock", {layout: "frame"}) %> <%= count() %>`, "_note.md", `<%= count() %>`, "_frame.html", `[<%= yield %>]`,
		"block.html", `<%= count() %> <%= block() %> <%= count() %>`, "panic.html", `<%= boom() %>`)})
	for name, want := range map[string]string{"show": `1 2 <a href="/">x</a>`, "late": "1 2 3 <p>4</p> [5] 6", "block": "1 2, no block defined 3"} {
		calls := 0
		count := func() int { calls++; return calls }
		data := map[string]any{
			"count": count, "inContext": func(plush.HelperContext) int { return count() },
			"block": func(help hctx.HelperContext) string {
				_, err := help.Block()
				return fmt.Sprint(count(), ", ", err)
			},
		}
		require.Equal(t, want, rendered(t, e, name, data))
	}
	calls := 0
	boom := func(plush.HelperContext) string { calls++; panic(calls) }
	require.PanicsWithValue(t, 1, func() { e.Bytes("panic", map[string]any{"boom": boom}) })
}

// The error of a compiled page is final: if plush rendered the page again, a helper that fails
// once would succeed, and the others would be called twice.
func TestEngine_ErrorsCallHelpersOnce(t *testing.T) {
	for source, want := range map[string]string{
		"<%= once() %>":                              "line 2: could not call once function: locked",
		"<%= user.Once() %>":                         "line 2: could not call user.Once function: locked",
		"<%= oncePath() %>":                          "line 2: could not call oncePath function: locked",
		"<%= if (true) { %>\n<%= once() %><% } %>":   "line 3: could not call once function: locked",
		"<%= if (true) { %>\n<% } %>\n<%= once() %>": "line 4: could not call once function: locked",
		`<%= partial("deep") %>`:                     "line 2: could not call partial function: partial deep: line 2: could not call once function: locked",
		`<%= partial("de" + "ep") %>`:                "line 2: could not call partial function: partial deep: line 2: could not call once function: locked",
		`<%= partial("unknown") %>`:                  `line 2: could not call partial function: partial unknown: line 1: "nobody": unknown identifier`,
		`<%= user.None %>`:                           "line 2: 'user' does not have a field or method named 'None' (user.None)",
	} {
		e := New(Options{Templates: templatesOf("show.html", "<%= count() %>\n"+source, "_deep.html", "\n<%= once() %>", "_unknown.html", "<%= nobody %>")})
		calls := 0
		failing := failsOnce{new(bool)}
		_, err := e.Bytes("show", map[string]any{
			"count": func() int { calls++; return calls }, "once": failing.Once, "user": failing,
			"oncePath": buffalo.RouteHelperFunc(func(map[string]any) (template.HTML, error) { return "", failing.fail() }),
		})
		require.EqualError(t, err, "template show: "+want)
		require.Equal(t, 1, calls, source)
		if *failing.failed {
			require.ErrorIs(t, err, errLocked)
		}
	}
}

var errLocked = errors.New("locked")

// failsOnce has methods whose first call fails.
type failsOnce struct{ failed *bool }

func (f failsOnce) Once() (string, error) { return "", f.fail() }

func (f failsOnce) fail() error {
	if *f.failed {
		return nil
	}
	*f.failed = true
	return errLocked
}

// A layout may call a function that the page's template defines, which only plush can call.
func TestEngine_FunctionOfATemplate(t *testing.T) {
	e := New(Options{Layout: layout, Templates: templatesOf(
		layout, `<%= count() %> <%= yield %> <%= shout("b") %>`, "show.html", `<% let shout = fn(x) { return x + "!" } %><%= shout("a") %>`)})
	calls := 0
	require.Equal(t, "1 a! b!", rendered(t, e, "show", map[string]any{"count": func() int { calls++; return calls }}))
	parsed, err := e.template(layout)
	require.NoError(t, err)
	l := e.locale(nil)
	require.Equal(t, "a function of another template", e.fallbackReason(layout, parsed, &scope{outer: l.scope}, l))
}

// A helper of the page's data may set names. They end with the partial that calls it.
func TestEngine_HelperSetsNames(t *testing.T) {
	e := engineOf("_own.plush.html", `<%= set("mark", "own") %><%= mark %>`,
		"show.plush.html", `<%= partial("own") %><%= mark %>,<%= partial("o" + "wn") %><%= mark %>,<%= partial("o" + "wn", given) %><%= mark %>,<%= set("title", "Page") %>`,
		"frame.plush.html", `<%= title %>: <%= yield %>`)
	given, calls := map[string]any{}, 0
	page, err := e.Bytes("show", map[string]any{"mark": "page", "given": given, "set": func(name, value string, help plush.HelperContext) string {
		calls++
		help.Set(name, value)
		return ""
	}}, "frame")
	require.NoError(t, err)
	require.Equal(t, "Page: ownpage,ownpage,ownpage,", string(page))
	require.Equal(t, 4, calls)
	require.Empty(t, given)
}

// The buffers of pages are used again: a page without a template must not be another client's.
func TestEngine_NoNames(t *testing.T) {
	e := engineOf("show.plush.html", "<%= who %>")
	for range 10 {
		for _, languages := range [][]string{nil, {"de", "en"}} {
			rendered(t, e, "show", map[string]any{"who": "Ada"})
			var page, plain bytes.Buffer
			data := map[string]any{"languages": languages}
			require.NoError(t, e.HTML().Render(&page, data))
			require.NoError(t, e.Engine.HTML().Render(&plain, data))
			require.Empty(t, page.String())
			require.Empty(t, plain.String(), "as Buffalo does")
		}
	}
}
