package actions_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// everyPage is each page in each of its states, by name. A name that ends in
// "refused" is of a form that was.
func everyPage(t *testing.T, language string) map[string]answer {
	t.Helper()
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, anonymous := s.browser(), s.browser()
	for _, who := range []*browser{b, anonymous} {
		who.header.Set("Accept-Language", language)
	}
	pages := map[string]answer{
		"welcome": anonymous.get("/welcome"), "login": anonymous.get("/login"), "signup": anonymous.get("/signup"), "forgot": anonymous.get("/password/forgot"),
		"not found": anonymous.get("/nothing"), "dead link": anonymous.get("/signup/x"), "wrong method": anonymous.send("PUT", "/welcome", nil),
		"login refused":  anonymous.post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}),
		"signup refused": anonymous.post("/signup", url.Values{"email": {"ada"}}), "forgot refused": anonymous.post("/password/forgot", url.Values{"email": {""}}),
	}
	anonymous.post("/signup", url.Values{"email": {"zoe@gmial.com"}})
	pages["check mail"] = anonymous.get("/check-mail")
	anonymous.get("/signup/" + modelstest.Link(t, "zoe@gmial.com", models.MailSignup))
	pages["choose"] = anonymous.get("/signup/password")
	pages["choose refused"] = anonymous.post("/signup/password", url.Values{"password": {"short"}})
	anonymous.post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	anonymous.get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	pages["reset"] = anonymous.get("/password/reset")
	pages["reset refused"] = anonymous.put("/password/reset", url.Values{"password": {"short"}})
	anonymous.get("/account")
	pages["login first"] = anonymous.get("/login")

	b.logIn("ada@example.com")
	for name, path := range map[string]string{"home": "/", "account": "/account", "devices": "/account/sessions", "activity": "/account/activity", "logout": "/logout"} {
		pages[name] = b.get(path)
	}
	wrong := url.Values{"current_password": {"x"}, "email": {"ada@new.example"}, "password": {modelstest.Password}}
	pages["account email refused"] = b.put("/account/email", wrong)
	pages["account password refused"] = b.put("/account/password", wrong)
	pages["account deletion refused"] = b.post("/account", url.Values{"_method": {"DELETE"}, "current_password": {"x"}})
	wrong.Set("current_password", modelstest.Password)
	wrong.Set("password", "short")
	pages["account new password refused"] = b.put("/account/password", wrong)
	b.put("/account/email", wrong)
	pages["confirm"] = b.get("/account/email/confirm/" + modelstest.Link(t, "ada@new.example", models.MailEmailConfirm))
	b.post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), url.Values{})
	pages["undo"] = b.get("/account/email/undo/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged))
	return pages
}

// Whoever reads a page by ear, by keyboard or by machine finds their way.
func TestPages_Structure(t *testing.T) {
	for _, language := range []string{"en-US", "ar"} {
		for name, a := range everyPage(t, language) {
			t.Run(language+"/"+name, func(t *testing.T) {
				p := parsePage(t, a.page)
				require.Equal(t, language, p.one("html")["lang"])
				require.Equal(t, map[string]string{"en-US": "ltr", "ar": "rtl"}[language], p.one("html")["dir"])
				p.requireLandmarks()
				p.requireNames()
				p.requireReferences()
				p.requireNothingForeign()
				if strings.HasSuffix(name, "refused") {
					p.requireError()
				} else {
					require.Empty(t, p.with("aria-invalid"))
				}
			})
		}
	}
}

// The page that one is on is marked in the navigation, and no other.
func TestPages_NavigationMarksThePage(t *testing.T) {
	pages := everyPage(t, "en-US")
	for name, want := range map[string]string{
		"home": "/", "account": "/account", "devices": "/account/sessions", "activity": "/account/activity", "account password refused": "/account",
	} {
		current := parsePage(t, pages[name].page).with("aria-current")
		require.Len(t, current, 1, name)
		require.Equal(t, want, current[0]["href"])
		require.Equal(t, "page", current[0]["aria-current"])
	}
	require.Empty(t, parsePage(t, pages["login"].page).with("aria-current"))
}

// What a password manager goes by.
func TestPages_Autocomplete(t *testing.T) {
	pages := everyPage(t, "en-US")
	for name, want := range map[string][]string{
		"login": {"username", "current-password"}, "signup": {"username"}, "forgot": {"username"},
		"choose": {"username", "new-password"}, "reset": {"username", "new-password"},
		"account": {"username", "email", "current-password", "username", "current-password", "new-password", "username", "current-password"},
	} {
		var found []string
		for _, field := range parsePage(t, pages[name].page).all("input") {
			if field["type"] != "hidden" && field["type"] != "checkbox" {
				found = append(found, field["autocomplete"])
			}
		}
		require.Equal(t, want, found, name)
	}
}

// element is an element's attributes, and "" its name, "text" what it says.
type element map[string]string

type parsedPage struct {
	t        *testing.T
	elements []element
	ids      map[string]element
}

func parsePage(t *testing.T, source string) *parsedPage {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	require.NoError(t, err)
	p := &parsedPage{t: t, ids: map[string]element{}}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		e := element{"": n.Data, "text": textOf(n)}
		for _, a := range n.Attr {
			e[a.Key] = a.Val
		}
		p.elements = append(p.elements, e)
		if id := e["id"]; id != "" {
			require.NotContains(t, p.ids, id, "an id is there once")
			p.ids[id] = e
		}
	}
	return p
}

// textOf is what an element says: its text, and that of its images.
func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

func (p *parsedPage) all(name string) []element {
	return slices.DeleteFunc(slices.Clone(p.elements), func(e element) bool { return e[""] != name })
}

func (p *parsedPage) with(attribute string) []element {
	return slices.DeleteFunc(slices.Clone(p.elements), func(e element) bool { _, ok := e[attribute]; return !ok })
}

func (p *parsedPage) one(name string) element {
	p.t.Helper()
	found := p.all(name)
	require.Len(p.t, found, 1, name)
	return found[0]
}

func (p *parsedPage) requireLandmarks() {
	for _, name := range []string{"main", "header", "footer", "h1", "title"} {
		require.NotEmpty(p.t, p.one(name)["text"], name)
	}
	require.True(p.t, strings.HasSuffix(p.one("title")["text"], " · Corral"))
	require.NotContains(p.t, p.one("title")["text"], ".", "a key without a text")
	first := p.all("a")[0]
	require.Equal(p.t, "#main", first["href"], "the skip link comes first")
	require.Equal(p.t, "main", p.ids["main"][""])
	for _, nav := range p.all("nav") {
		require.NotEmpty(p.t, nav["aria-label"])
	}
	level := 1
	for _, e := range p.elements {
		if len(e[""]) == 2 && e[""][0] == 'h' && e[""] != "hr" {
			require.LessOrEqual(p.t, int(e[""][1]-'0'), level+1, "no level is left out: %s", e["text"])
			level = int(e[""][1] - '0')
		}
	}
}

// requireNames: what can be used says what it is.
func (p *parsedPage) requireNames() {
	labelled := map[string]bool{}
	for _, label := range p.all("label") {
		require.NotEmpty(p.t, label["text"])
		labelled[label["for"]] = true
	}
	for _, e := range p.elements {
		switch e[""] {
		case "input", "select", "textarea":
			if e["type"] != "hidden" && e["aria-hidden"] != "true" {
				require.True(p.t, labelled[e["id"]], "%v has no label", e)
			}
		case "a", "button":
			require.NotEmpty(p.t, e["text"]+e["aria-label"], "%v", e)
		case "img":
			require.Contains(p.t, e, "alt")
		}
	}
}

// requireReferences: what an element points to is there.
func (p *parsedPage) requireReferences() {
	for _, attribute := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls"} {
		for _, e := range p.with(attribute) {
			for _, id := range strings.Fields(e[attribute]) {
				require.NotEmpty(p.t, p.ids[id], "%s=%s", attribute, id)
			}
		}
	}
}

// requireNothingForeign: nothing inline, nothing from elsewhere, no script but a module.
func (p *parsedPage) requireNothingForeign() {
	require.Empty(p.t, p.all("style"))
	for _, e := range p.elements {
		for key, value := range e {
			require.NotEqual(p.t, "style", key)
			require.False(p.t, strings.HasPrefix(key, "on"), key)
			if key == "src" || key == "href" || key == "action" {
				require.Regexp(p.t, `^(/[^/]|/$|#main$)`, value)
			}
		}
		if e[""] == "script" {
			require.Equal(p.t, "module", e["type"])
			require.Empty(p.t, e["text"])
		}
	}
}

// requireError: the error is in the title, announced, tied to its fields, and the first thing to type in.
func (p *parsedPage) requireError() {
	require.Contains(p.t, p.one("title")["text"], " · ")
	require.Equal(p.t, 2, strings.Count(p.one("title")["text"], " · "), "it names the error, the page and the app")
	wrong := p.with("aria-invalid")
	require.NotEmpty(p.t, wrong)
	for _, field := range wrong {
		problem := p.ids[strings.Fields(field["aria-describedby"])[0]]
		require.Equal(p.t, "alert", problem["role"])
		require.NotEmpty(p.t, problem["text"])
	}
	focused := p.with("autofocus")
	require.Len(p.t, focused, 1)
	require.Equal(p.t, "true", focused[0]["aria-invalid"])
	for _, field := range p.all("input") {
		if field["type"] == "password" {
			require.Empty(p.t, field["value"])
		}
	}
}

// A handler that sets nothing for the layout, as generated ones do, has a page.
func TestPages_WithoutTitle(t *testing.T) {
	b := widgets(t, func(c buffalo.Context) { c.Flash().Add("success", "Widget was <created>.") })
	a := b.get("/widgets")
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, a.page, "<title>Corral</title>")
	require.Equal(t, []string{"Widget was &lt;created&gt;."}, flashes(a.page), "a text that is no key is shown as it is")
}

// Several messages come in the same order each time: by kind, and then as they were added.
func TestPages_FlashInOrder(t *testing.T) {
	b := widgets(t, func(c buffalo.Context) {
		for _, kind := range []string{"warning", "success", "danger", "info"} {
			c.Flash().Add(kind, kind+" first")
			c.Flash().Add(kind, kind+" second")
		}
	})
	for range 10 {
		require.Equal(t, []string{
			"danger first", "danger second", "info first", "info second",
			"success first", "success second", "warning first", "warning second",
		}, flashes(b.get("/widgets").page))
	}
}

// widgets is a page as a generator makes it, and Ada in front of it.
func widgets(t *testing.T, do func(buffalo.Context)) *browser {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	c := testConfig(t)
	app := actions.New(c)
	app.GET("/widgets", func(c buffalo.Context) error {
		do(c)
		return c.Render(http.StatusOK, actions.Renderer.HTML("logout/_form.plush.html"))
	})
	server := httptest.NewServer(actions.Edge(app, c, nil))
	t.Cleanup(server.Close)
	b := (&site{server, t}).browser()
	b.logIn("ada@example.com")
	b.get("/")
	return b
}
