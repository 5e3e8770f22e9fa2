package view

import (
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/render"
	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/plush/v4"
	"github.com/stretchr/testify/require"
)

// compiled are snippets that the engine compiles, with the same result as plush.
var compiled = []string{
	`text`, `<%= text %>`, `<%= html %>`, `<%= number %>`, `<%= id %>`, `<%= nil %>`, `<%# a comment %>text`, `<%= %>`,
	`<%= yes %><%= no %>`, `<%= 1.5 %>`, `<%= float %> <%= small %> <%= huge %> <%= float + 1.5 %>`, `<%= int64 %> <%= uint8 %> <%= float32 %> <%= rune %>`,
	`<%= at %> <%= since %>`, `<%= nulled %>|<%= nulledInt %>|<%= null %>`, `<%= htmler %>`, `<%= duration %>`, `<%= err %>|<%= kind %>|<%= member %>|<%= pointer %>|<%= shout %>|<%= ints %>|<%= one %>`,
	`<%= [1, 2] %><%= ["<a>", text, html, [yes]] %><%= list %><%= anys %>`,
	`<%= if (yes) { %>a<% } %>`, `<%= if (no) { %>a<% } else { %>b<% } %>`, `<%= if (no) { %>a<% } else if (yes) { %>b<% } else { %>c<% } %>`,
	`<%= if (empty) { %>a<% } %>|<%= if (html) { %>b<% } %>|<%= if (number) { %>c<% } %>|<%= if (none) { %>d<% } %>|<%= if (list) { %>e<% } %>`,
	`<%= if (unknown) { %>a<% } else { %>b<% } %>`, `<%= if (!unknown) { %>a<% } %><%= if (!yes) { %>b<% } %>`, `<%= !unknown %> <%= !number %>`,
	`<%= if (text == "a <b>") { %>a<% } %><%= if (text != "x") { %>b<% } %><%= if (text == unknown) { %>c<% } %><%= if (unknown != "x") { %>d<% } %>`,
	`<%= if (len(unknown) > 0) { %>a<% } else { %>b<% } %>`, `<%= if (unknown > 1) { %>a<% } %>`,
	`<%= if (unknown == nil) { %>a<% } %><%= if (text != nil) { %>b<% } %><%= if (none == nil) { %>c<% } %><%= if (pointer == nil) { %>d<% } %><%= if (nothing == nil) { %>e<% } %>`,
	`<%= if (len(list) > 1) { %>a<% } %><%= if (number < 2) { %>b<% } %><%= if (number == 7) { %>c<% } %><%= number + 1 %>`,
	`<%= number - 10 %> <%= number * 2 %> <%= number / 2 %> <%= number <= 7 %> <%= number >= 8 %> <%= number != 7 %> <%= int64 + int64 %> <%= 1.5 * 2.5 %> <%= 1.5 / 2.0 %>`,
	`<%= if (yes && no) { %>a<% } %><%= if (yes || no) { %>b<% } %><%= if (unknown && yes) { %>c<% } %><%= if (unknown || yes) { %>d<% } %>`,
	`<%= yes == true %> <%= yes != no %> <%= yes + no %> <%= yes == number %> <%= text == 1 %> <%= text < 1 %> <%= text >= "a" %> <%= text + number %>`,
	`<%= fails() == nil %> <%= fails() || yes %> <%= member.Nothing != 1 %>`,
	`<%= text + " and more" %>`, `<%= if (text > "a") { %>a<% } %>`,
	`<%= for (item) in list { %>[<%= item %>]<% } %>`, `<%= for (i, item) in list { %><%= i %>=<%= item %>,<% } %>`, `<%= for (item) in array { %><%= item %><%= _ %><% } %>`,
	`<%= for (kind, words) in one { %><%= kind %>:<%= for (word) in words { %><%= word %><% } %><% } %>`, `<%= for (n, word) in numbered { %><%= n %>=<%= word %><% } %>`,
	`<%= for (m) in members { %><%= m.Name %><%= if (m.Name == "Ada") { %>!<% } %><% } %>`, `<%= for (x) in pointers { %><%= x.Name %><% } %>`, `<%= for (x) in listPointer { %><%= x %><% } %>`,
	`<%= for (i) in range(1, 3) { %><%= i %><% } %><%= for (i) in until(2) { %><%= i %><% } %>`, `<%= for (x) in member.Friend { %>a<% } %>`, `<%= for (x) in [1, "<2>"] { %><%= x %><% } %>`,
	`<%= member.Name %>`, `<%= pointer.Name %>`, `<%= if (member.Name) { %>a<% } %>`, `<%= member.Friend %>|<%= member.Friend.Name %>|<%= pointer.Friend.Name %>|<%= pointer.Friend.Friend %>`,
	`<%= pointer.Age %> <%= pointer.Seen %> <%= pointer.Phone %> <%= pointer.Any %> <%= pointer.Count %> <%= member.Count %> <%= member.Method %> <%= pointer.City %> <%= if (pointer.Phone) { %>a<% } %>`,
	`<%= pointer.Method() %> <%= member.Method() %> <%= member.Pointed() %> <%= pointer.Pointed() %> <%= pointer.Friend.Method() %> <%= pointer.Add(1, 2) %> <%= pointer.Nothing() %> <%= pointer.Add(1) %> <%= at.Year() %> <%= if (pointer.Method() == "called") { %>a<% } %>`,
	`<%= list[0] %> <%= array[1] %> <%= words["a"] %> <%= words[key] %> <%= words["none"] %> <%= numbered[7] %> <%= anyKeys["a"] %><%= anyKeys[1] %> <%= one["warning"][0] %> <%= list[number - 7] %> <%= pointer.Tags[0] %>`,
	`<%= t("key") %>`, `<%= t("key", {name: text, more: number}) %>`, `<%= t("a." + text) %>`, `<%= shout(text) %>`, `<%= capitalize(text) %>`, `<%= shout(member.Name) %>`, `<%= t(nil) %> <%= t("key", nil, 1) %> <%= shout(nil) %> <%= shout() %>`,
	`<%= homePath() %> <%= homePath({id: 7}) %> <%= join("a", "b") %> <%= join("a") %> <%= options("a") %> <%= options("a", {b: 1}) %> <%= zero() %> <%= silent() %> <%= pluralize("widget") %> <%= toJSON(list) %> <%= raw("<b>") %> <%= inspect(number) %> <%= truncate("a long text", {size: 6}) %>`,
	`<%= partial("row") %>`, `<%= partial("row", {text: "given", own: text}) %>`, `<%= partial("deep/row", {text: t("key")}) %>`, `<%= partial("r" + "ow") %>`, `<%= partial("row", given) %>`, `<%= partial("plain") %>`, `<%= partial("plain.html") %>`, `<%= partial("tree", {levels: 3}) %>`,
	`<%= partial("row", {t: shout}) %>`, `<%= partial("r" + "ow", typed) %>`, `<%= partial("r" + "ow", nil) %>`,
	`<%= inContext() %>`, `<%= inContext("x") %>`, `<%= pointer.InContext() %>`, `<%= inBlock() == nil %>`,
}

// leftToPlush are snippets that the engine leaves to plush.
var leftToPlush = []string{
	`<% let a = "b" %><%= a %>`, `<% if (yes) { %>a<% } %>`, `<%= text ~= "^a" %>`, `<%= partial("stock") %>`, `<%= partial("st" + "ock") %>`, `<%= partial("st" + "ock", {text: "given"}) %>`,
	`<%= partial("no" + "te.md") %>`, `<%= partial("r" + "ow", {layout: "frame"}) %>`, `<%= fn(x) { return x } %>`, `<%= members[0].Name %>`, `<%= pointer.Self().Self().Name %>`,
	`<%= linkTo("/x") { %>go<% } %>`, `<%= linkTo("/x", {body: "go"}) %>`, `<%= for (x) in list { %><%= if (x == "2") { break } %><%= x %><% } %>`, `<%= for (t) in list { %><%= t %><% } %>`,
	`<%= for (x) in list { %><% let y = x %><%= y %><% } %>`, `<% text = "new" %><%= text %>`, `<% let f = fn(x) { return x + "!" } %><%= f("a") %>`, `<%= partial("row", {layout: "frame"}) %>`,
	`<%= partial("note.md") %>`, `<% contentFor("x") { %><b><%= text %></b><% } %><%= contentOf("x") %>`, `<% words["b"] = "new" %><%= words["b"] %>`, `<%= markdown("*a*") %>`,
	`<%= if (yes) { return "a" } %>`, `<% return text %>`, `<%= pointer.Self().Name %>`,
}

// failing are snippets with an error or a panic, the same as plush's.
var failing = []string{
	`<%= unknown %>`, `<%= member.hidden %>`, `<%= member.Nothing %>`, `<%= text.Nothing %>`, `<%= shout(1) %>`, `<%= t(1) %>`, `<%= t() %>`, `<%= fails() %>`, `<%= text() %>`,
	`<%= for (x) in text { %>a<% } %>`, `<%= for (x) in unknown { %>a<% } %>`, `<%= number ~= "7" %>`, `<%= partial("none") %>`, `<%= partial("no" + "ne") %>`, `<%= partial("row", {}, 1) %>`,
	`<%= partial("row", 1) %>`, `<%= partial() %>`, `<%= inBlock() %>`, `<%= -1 %>`, `<%= -number %>`, `<%= number / 0 %>`, `<%= 1.5 / 0.0 %>`, `<%= number + 1.5 %>`, `<%= id == id %>`,
	`<%= yes < no %>`, `<%= list[2] %>`, `<%= list["a"] %>`, `<%= words[1] %>`, `<%= text[0] %>`, `<%= number[0] %>`, `<%= member.Nothing() %>`, `<%= pointer.Add(1, 2, 3) %>`,
	`<%= pointer.Fail() %>`, `<%= join() %>`, `<%= join("a", 1) %>`, `<%= if (shout(1, unknown)) { %>a<% } %>`, `<%= if (options(1, unknown)) { %>a<% } else { %>b<% } %>`,
	`<%= if (partial("unknown")) { %>a<% } %>`, `<%= if (partial("row") == "x") { %>a<% } %>`, `<%= for (x) in nothing { %>a<% } %>`,
	"text\n<%= if (yes) { %>\n<%= fails() %><% } %>", "<%= for (x) in list { %>\n\n<%= x %><%= member.Nothing %><% } %>", "\n<%= if (fails()) { %>\n<% } %>", "<%= for (x) in list { %>\n<%= if (yes) { %><%= fails() %><% } %><% } %>",
	`<%= three("a") %>`, `<%= unknown + 1 %>`, `<%= text - 1 %>`, `<%= member.Friend > 1 %>`, `<%= failingPath() %>`, `<%= list[number - 8] %>`, `<%= words[nil] %>`, `<%= anyKeys[list] %>`, `<%= nilFunction() %>`, `<%= nil.Name() %>`, `<%= nilTime %>`, `<%= panics() == nil %>`,
}

type member struct {
	address
	Name   string
	Friend *member
	Age    int64
	Seen   time.Time
	Phone  nulls.String
	Any    any
	Count  *int
	Tags   []string
	hidden string
}

type address struct{ City string }

func (member) Method() string        { return "called" }
func (*member) Pointed() string      { return "<called>" }
func (m *member) Self() *member      { return m }
func (member) Add(a, b int) int      { return a + b }
func (member) Fail() (string, error) { return "", fs.ErrNotExist }

func (m member) InContext(help plush.HelperContext) string {
	return fmt.Sprint(m.Name, help.Value("text"))
}

// named is a type of the helper t that the engine does not know.
type named func(key string, args ...any) string

type htmler struct{}

func (htmler) HTML() template.HTML { return "<hr>" }

type kind string

func snippetData() map[string]any {
	count := 3
	ada := member{Name: "Ada", hidden: "x"}
	return map[string]any{
		"text": "a <b>", "html": template.HTML("<b>"), "number": 7, "int64": int64(8), "uint8": uint8(9), "rune": 'x', "float": 1.0, "small": 1e-9, "huge": 1e21, "float32": float32(0.1),
		"id": net.IPv4(1, 2, 3, 4), "at": time.Unix(0, 0).UTC(), "since": new(time.Time), "duration": time.Second, "err": fs.ErrNotExist, "kind": kind("x"), "htmler": htmler{},
		"nulled": nulls.NewString("<x>"), "nulledInt": nulls.NewInt(5), "null": nulls.String{},
		"yes": true, "no": false, "empty": "", "none": (*member)(nil), "nothing": nil,
		"list": []string{"<1>", "2"}, "listPointer": &[]string{"<1>"}, "array": [2]string{"<1>", "2"}, "ints": []int{1}, "anys": []any{"<1>", 2, nil, []string{"<"}},
		"one": map[string][]string{"warning": {"x", "y"}}, "words": map[string]string{"a": "<b>"}, "key": "a", "numbered": map[int]string{7: "seven"}, "anyKeys": map[any]any{"a": "b"}, "given": map[string]any{"own": "<o>"}, "typed": render.Data{"own": "<o>"},
		"member": ada, "members": []member{{Name: "Ada"}, {Name: "Bob"}}, "pointers": []*member{&ada},
		"pointer": &member{Name: "Bob", Friend: &ada, Age: 36, Seen: time.Unix(0, 0).UTC(), Phone: nulls.NewString("<1>"), Any: "<any>", Count: &count, Tags: []string{"<t>"}, address: address{"Rome"}},
		"t": named(func(key string, args ...any) string {
			for i, arg := range args {
				if nothing, ok := arg.(*any); ok { // nil, as plush passes it
					args[i] = *nothing
				}
			}
			return strings.ToUpper(key) + "&" + template.HTMLEscaper(args...)
		}),
		"shout":   func(s string) template.HTML { return template.HTML("<i>" + s + "</i>") },
		"fails":   func() (string, error) { return "", fs.ErrNotExist },
		"join":    func(first string, more ...string) string { return strings.Join(append(more, first), "-") },
		"options": func(s string, o map[string]any) (string, error) { return fmt.Sprint(s, o), nil },
		"zero":    func(s string, n int) string { return fmt.Sprint(s, n) },
		"silent":  func() {},
		"homePath": routeHelper(func(o map[string]any) (template.HTML, error) {
			return template.HTML(fmt.Sprint("/home?", o["id"])), nil
		}),
		"inContext": func(s string, help plush.HelperContext) string { return fmt.Sprint(s, help.Value("text")) },
		"three":     func(a, b, c, d string) string { return a },
		"panics":    func() string { panic("no") },
		"nilTime":   (*time.Time)(nil), "nilFunction": (func() string)(nil),
		"failingPath": buffalo.RouteHelperFunc(func(map[string]any) (template.HTML, error) { return "", fs.ErrInvalid }),
		"inBlock":     func(help plush.HelperContext) (string, error) { return help.Block() },
	}
}

// routeHelper is a path helper.
type routeHelper func(o map[string]any) (template.HTML, error)

var snippetFiles = templatesOf(
	"_row.plush.html", "(<%= text %><%= if (own) { %> <%= own %><% } %>)", "deep/_row.plush.html", `<%= partial("row") %>`, "_plain.html", `<%= t("plain") %>`,
	"_tree.plush.html", `<%= levels %><%= if (levels > 0) { %>(<%= partial("tree", {levels: levels - 1}) %>)<% } %>`, "_unknown.plush.html", "<%= unknown %>",
	"_stock.plush.html", `<% let x = text %><%= x %>`, "_frame.plush.html", "[<%= yield %>]", "_note.md", "*<%= text %>*",
)

// plushRenders returns plush's own result.
func plushRenders(source string, data map[string]any) (string, error) {
	data["partialFeeder"] = New(Options{Templates: snippetFiles}).partialSource
	return plush.Render(source, plush.NewContextWith(data))
}

func TestCompile_AgreesWithPlush(t *testing.T) {
	for kind, snippets := range map[string][]string{"compiled": compiled, "left to plush": leftToPlush, "failing": failing} {
		for _, snippet := range snippets {
			t.Run(snippet, func(t *testing.T) {
				files := maps.Clone(snippetFiles)
				files["snippet.html"] = &fstest.MapFile{Data: []byte(snippet)}
				fallbacks := 0
				e := New(Options{Templates: files, OnFallback: func(string) { fallbacks++ }})
				want, wantErr := recovered(func() (string, error) { return plushRenders(snippet, snippetData()) })
				require.Equal(t, kind == "failing", wantErr != nil)
				for range 2 { // the second result comes from the cache
					fallbacks = 0
					page, err := recovered(func() (string, error) {
						page, err := e.Bytes("snippet", snippetData())
						return string(page), err
					})
					if wantErr != nil {
						require.Error(t, err, page)
						if !strings.Contains(snippet, "partial(") { // our errors name the partial
							require.Equal(t, wantErr.Error(), strings.TrimPrefix(err.Error(), "template snippet: "))
						}
						require.Zero(t, fallbacks)
						continue
					}
					require.NoError(t, err)
					require.Equal(t, want, page)
					require.Equal(t, kind == "left to plush", fallbacks == 1)
				}
			})
		}
	}
}

func TestCompile_MapsInOrder(t *testing.T) {
	e := engineOf("show.plush.html", `<%= for (kind, word) in words { %><%= kind %>=<%= word %>,<% } %>`)
	for range 20 {
		require.Equal(t, "<main>a=1,b=2,c=3,</main>", rendered(t, e, "show", map[string]any{"words": map[string]string{"c": "3", "a": "1", "b": "2"}}))
	}
}
