package view

import (
	"bytes"
	"html/template"
	"io/fs"
	"net"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/plush/v4"
	"github.com/stretchr/testify/require"

	"corral/templates"
)

type member struct {
	Name   string
	Friend *member
	hidden string
}

func (member) Method() string { return "called" }

// snippets are what templates say. Compiled or not, plush's answer is the right one.
var snippets = []string{
	`text`, `<%= text %>`, `<%= html %>`, `<%= number %>`, `<%= id %>`, `<%= nil %>`,
	`<%= if (yes) { %>a<% } %>`, `<%= if (no) { %>a<% } else { %>b<% } %>`, `<%= if (no) { %>a<% } else if (yes) { %>b<% } else { %>c<% } %>`,
	`<%= if (empty) { %>a<% } %>|<%= if (html) { %>b<% } %>|<%= if (number) { %>c<% } %>|<%= if (none) { %>d<% } %>|<%= if (list) { %>e<% } %>`,
	`<%= if (unknown) { %>a<% } else { %>b<% } %>`, `<%= if (!unknown) { %>a<% } %><%= if (!yes) { %>b<% } %>`,
	`<%= if (text == "a <b>") { %>a<% } %><%= if (text != "x") { %>b<% } %><%= if (text == unknown) { %>c<% } %><%= if (unknown != "x") { %>d<% } %>`,
	`<%= if (len(unknown) > 0) { %>a<% } else { %>b<% } %>`, `<%= if (unknown > 1) { %>a<% } %>`,
	`<%= if (unknown == nil) { %>a<% } %><%= if (text != nil) { %>b<% } %>`,
	`<%= if (len(list) > 1) { %>a<% } %><%= if (number < 2) { %>b<% } %><%= if (number == 7) { %>c<% } %><%= number + 1 %>`,
	`<%= if (yes && no) { %>a<% } %><%= if (yes || no) { %>b<% } %><%= if (unknown && yes) { %>c<% } %><%= if (unknown || yes) { %>d<% } %>`,
	`<%= text + " and more" %>`, `<%= if (text > "a") { %>a<% } %>`,
	`<%= for (item) in list { %>[<%= item %>]<% } %>`, `<%= for (i, item) in list { %><%= i %>=<%= item %>,<% } %>`,
	`<%= for (kind, words) in one { %><%= kind %>:<%= for (word) in words { %><%= word %><% } %><% } %>`,
	`<%= for (m) in members { %><%= m.Name %><%= if (m.Name == "Ada") { %>!<% } %><% } %>`,
	`<%= member.Name %>`, `<%= pointer.Name %>`, `<%= if (member.Name) { %>a<% } %>`,
	`<%= t("key") %>`, `<%= t("key", {name: text, more: number}) %>`, `<%= t("a." + text) %>`, `<%= shout(text) %>`, `<%= capitalize(text) %>`, `<%= shout(member.Name) %>`,
	`<%= partial("row") %>`, `<%= partial("row", {text: "given", own: text}) %>`, `<%= partial("deep/row", {text: t("key")}) %>`,
}

// left are for plush: the answer is the same, or the error.
var left = []string{
	`<% let a = "b" %><%= a %>`, `<% if (yes) { %>a<% } %>`, `<%= yes %>`, `<%= 1.5 %>`, `<%= [1, 2] %>`, `<%= list[0] %>`, `<%= pointer.Method() %>`,
	`<%= at %>`, `<%= since %>`, `<%= nulled %>`, `<%= unknown %>`, `<%= member.hidden %>`, `<%= member.Nothing %>`, `<%= text.Nothing %>`, `<%= shout(1) %>`, `<%= t(1) %>`, `<%= t() %>`, `<%= shout() %>`, `<%= fails() %>`, `<%= text() %>`,
	`<%= for (x) in text { %>a<% } %>`, `<%= for (x) in unknown { %>a<% } %>`, `<%= text < 1 %>`, `<%= number ~= "7" %>`, `<%= partial("none") %>`, `<%= partial("stock") %>`,
	`<%= if (text == 1) { %>a<% } %>`, `<%= if (yes == true) { %>a<% } %>`, `<%= fn(x) { return x } %>`, `<%= member.Friend %>`,
}

func snippetData() map[string]any {
	return map[string]any{
		"text": "a <b>", "html": template.HTML("<b>"), "number": 7, "id": net.IPv4(1, 2, 3, 4), "at": time.Unix(0, 0), "since": new(time.Time), "nulled": nulls.NewString("<x>"), "yes": true, "no": false, "empty": "", "none": (*member)(nil),
		"list": []string{"<1>", "2"}, "one": map[string][]string{"warning": {"x", "y"}}, "members": []member{{Name: "Ada"}, {Name: "Bob"}},
		"member": member{Name: "Ada", hidden: "x"}, "pointer": &member{Name: "Bob"},
		"t": Translate(func(key string, args ...any) string {
			return strings.ToUpper(key) + "&" + template.HTMLEscaper(args...)
		}),
		"shout": func(s string) template.HTML { return template.HTML("<i>" + s + "</i>") },
		"fails": func() (string, error) { return "", fs.ErrNotExist },
	}
}

func snippetEngine() *Engine {
	return New(Options{Layout: layout, Templates: templatesOf(layout, "<%= yield %>", "_row.plush.html", "(<%= text %><%= if (own) { %> <%= own %><% } %>)",
		"deep/_row.plush.html", `<%= partial("row") %>`, "_stock.plush.html", `<% let x = text %><%= x %>`)})
}

func TestCompile_SaysWhatPlushSays(t *testing.T) {
	for _, compiles := range []bool{true, false} {
		for _, snippet := range map[bool][]string{true: snippets, false: left}[compiles] {
			e := snippetEngine()
			in := &names{map[string]any{}, &names{snippetData(), e.given}}
			t.Run(snippet, func(t *testing.T) {
				stock, err := plush.NewTemplate(snippet)
				require.NoError(t, err)
				ready := &parsed{snippet, stock, e.compile(snippet)}
				want, wantErr := stock.Exec(in.forPlush())

				page := new(bytes.Buffer)
				if steps := ready.steps; compiles {
					require.NotNil(t, steps)
					require.NoError(t, run(steps, page, in))
					require.NoError(t, wantErr)
					require.Equal(t, want, page.String())
				} else if steps != nil {
					require.Error(t, run(steps, page, in), "plush has the say: %q, %v", want, wantErr)
				}
				page.Reset()
				leftToPlush := 0
				LeftToPlush = func(string) { leftToPlush++ }
				t.Cleanup(func() { LeftToPlush = func(string) {} })
				require.Equal(t, wantErr, ready.exec(page, in))
				require.Equal(t, !compiles && wantErr == nil, leftToPlush == 1)
				if wantErr == nil {
					require.Equal(t, want, page.String())
				}
			})
		}
	}
}

// The flash messages of two kinds do not change places from page to page.
func TestCompile_MapsInOrder(t *testing.T) {
	e := engineOf("show.plush.html", `<%= for (kind, word) in words { %><%= kind %>=<%= word %>,<% } %>`)
	for range 20 {
		require.Equal(t, "<main>a=1,b=2,c=3,</main>", rendered(t, e, "show", map[string]any{"words": map[string]string{"c": "3", "a": "1", "b": "2"}}))
	}
}

// The tests of the actions see to it that they run, too.
func TestCompile_EveryTemplateOfTheApp(t *testing.T) {
	e := New(Options{Templates: templates.FS})
	require.NoError(t, fs.WalkDir(templates.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if path.Ext(name) == ".html" || path.Ext(name) == ".txt" {
			source, err := fs.ReadFile(templates.FS, name)
			require.NoError(t, err)
			require.NotNil(t, e.compile(string(source)), name)
		}
		return err
	}))
}
