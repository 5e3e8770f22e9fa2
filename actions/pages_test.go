package actions

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// morePages is filled by other files.
var morePages []func(b *browser) map[string]apptest.Response

// everyPage returns each page in each state, by name. Refused forms have names
// ending in "refused".
func everyPage(t *testing.T, language string) map[string]apptest.Response {
	t.Helper()
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b, anonymous := s.browser(), s.browser()
	for _, b := range []*browser{b, anonymous} {
		b.Header.Set("Accept-Language", language)
	}
	pages := map[string]apptest.Response{
		"welcome": anonymous.Get("/welcome"), "login": anonymous.Get("/login"), "signup": anonymous.Get("/signup"), "forgot": anonymous.Get("/password/forgot"),
		"not found": anonymous.Get("/nothing"), "dead link": anonymous.Get("/signup/x"), "wrong method": anonymous.Send("PUT", "/welcome", nil),
		"login refused":  anonymous.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}),
		"signup refused": anonymous.Post("/signup", url.Values{"email": {"ada"}}), "forgot refused": anonymous.Post("/password/forgot", url.Values{"email": {""}}),
	}
	anonymous.Post("/signup", url.Values{"email": {"zoe@gmial.com"}})
	pages["check mail"] = anonymous.Get("/check-mail")
	anonymous.Get("/signup/" + modelstest.Link(t, "zoe@gmial.com", models.MailSignup))
	pages["choose"] = anonymous.Get("/signup/password")
	pages["choose refused"] = anonymous.choosePassword("short")
	anonymous.Post("/password/forgot", url.Values{"email": {"ada@example.com"}})
	anonymous.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	pages["reset"] = anonymous.Get("/password/reset")
	pages["reset refused"] = anonymous.Put("/password/reset", url.Values{"password": {"short"}})
	anonymous.Get("/account")
	pages["login first"] = anonymous.Get("/login")

	b.logIn("ada@example.com")
	for _, path := range served("/", "/account", "/account/security", "/account/sessions", "/account/activity", "/sudo", "/logout") {
		pages[path] = b.Get(path)
	}
	pages["account email refused"] = b.Put("/account/email", url.Values{"email": {"ada"}})
	pages["account password refused"] = b.Put("/account/password", url.Values{"password": {"short"}})
	pages["sudo refused"] = b.confirm("x")
	for _, more := range morePages {
		maps.Copy(pages, more(b))
	}
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	models.Clock.Move(10 * time.Minute)
	pages["account unconfirmed"], pages["security unconfirmed"] = b.Get("/account"), b.Get("/account/security")
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}}) // asks for a confirmation
	pages["sudo first"] = b.Get("/sudo")
	pages["confirm"] = b.Get("/account/email/confirm/" + modelstest.Link(t, "ada@new.example", models.MailEmailConfirm))
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), url.Values{})
	pages["undo"] = b.Get("/not-me/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged))
	return pages
}

// Assistive technology depends on this structure.
func TestPages_Structure(t *testing.T) {
	newSite(t) // loads the languages
	for _, language := range []string{"en-US", "ar"} {
		if !T.Ships(language) {
			continue
		}
		for name, a := range everyPage(t, language) {
			t.Run(language+"/"+name, func(t *testing.T) {
				require.NotRegexp(t, `[ \t]\n`, a.Page, "trailing white space")
				p := parsePage(t, a.Page)
				require.Equal(t, language, p.one("html")["lang"])
				require.Equal(t, map[string]string{"en-US": "ltr", "ar": "rtl"}[language], p.one("html")["dir"])
				p.requireLandmarks()
				p.requireNames()
				p.requireReferences()
				if strings.HasSuffix(name, "refused") {
					p.requireError()
				} else {
					require.Empty(t, p.with("aria-invalid"))
				}
			})
		}
	}
}

func TestPages_NavigationMarksThePage(t *testing.T) {
	pages := everyPage(t, "en-US")
	pages["/account"], pages["/account/security"] = pages["account email refused"], pages["account password refused"]
	for _, path := range served("/", "/account", "/account/security", "/account/sessions", "/account/activity") {
		current := parsePage(t, pages[path].Page).with("aria-current")
		require.Len(t, current, 1, path)
		require.Equal(t, path, current[0]["href"])
		require.Equal(t, "page", current[0]["aria-current"])
	}
	require.Empty(t, parsePage(t, pages["login"].Page).with("aria-current"))
}

// Password managers depend on autocomplete.
func TestPages_Autocomplete(t *testing.T) {
	pages := everyPage(t, "en-US")
	for name, want := range map[string][]string{
		"login": {"username", "current-password"}, "signup": {"username"}, "forgot": {"username"},
		"choose": {"username", "new-password"}, "reset": {"username", "new-password"},
		"/account": {"email"}, "/account/security": {"username", "new-password"}, "/sudo": {"username", "current-password"}, "account unconfirmed": nil, "security unconfirmed": nil,
	} {
		var found []string
		for _, field := range parsePage(t, pages[name].Page).all("input") {
			if field["type"] != "hidden" && field["type"] != "checkbox" {
				complete := strings.TrimSuffix(field["autocomplete"], " webauthn")                                // for passkeys, which have a test of their own
				if slices.Contains([]string{"username", "email", "current-password", "new-password"}, complete) { // others are fields of yours
					found = append(found, complete)
				}
				require.Equal(t, strings.HasSuffix(field["autocomplete"], "-password"), field["type"] == "password", "%s: %v", name, field)
			}
		}
		require.Equal(t, want, found, name)
	}
}

// element holds an element's attributes, its name under "" and its text under
// "text".
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
			require.NotContains(t, p.ids, id, "ids are unique")
			p.ids[id] = e
		}
	}
	return p
}

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
	title, named := strings.CutSuffix(p.one("title")["text"], " · "+in("en-US", "app.name"))
	require.True(p.t, named)
	require.NotContains(p.t, title, ".", "a key without a text")
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

func (p *parsedPage) requireReferences() {
	for _, attribute := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls"} {
		for _, e := range p.with(attribute) {
			for _, id := range strings.Fields(e[attribute]) {
				require.NotEmpty(p.t, p.ids[id], "%s=%s", attribute, id)
			}
		}
	}
}

// requireError requires that the error is in the title, announced and tied to
// its fields, and that the first of them has the focus.
func (p *parsedPage) requireError() {
	require.Contains(p.t, p.one("title")["text"], " · ")
	require.Equal(p.t, 2, strings.Count(p.one("title")["text"], " · "), "the title names the error, the page and the app")
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

// A form that asks for more has the message at the field that is wrong.
func TestPages_MessageBelongsToItsField(t *testing.T) {
	s := newSite(t)
	app.Middleware.Skip(Authorize, ownForm)
	app.GET("/test/form/{template}", ownForm)
	for _, template := range []string{"signup/new", "password_forgot/new", "signup/password", "password_reset/edit"} {
		a := s.browser().Get("/test/form/" + url.PathEscape(strings.ReplaceAll(template, "/", ".")))
		require.Equal(t, 422, a.StatusCode, template)
		require.Empty(t, parsePage(t, a.Page).with("aria-invalid"), template)
		require.NotContains(t, a.Page, "Enter your name.", template)
	}
}

func ownForm(c buffalo.Context) error {
	for _, name := range []string{"email", "link"} {
		c.Set(name, "")
	}
	for name := range signupForm("") {
		c.Set(name, "")
	}
	template := strings.ReplaceAll(c.Param("template"), ".", "/")
	return renderForm(c, "", template+".plush.html", messages{"name": "Enter your name."})
}

// The layout leaves common names to the pages.
func TestPages_MaySetNext(t *testing.T) {
	a := widgets(t, func(c buffalo.Context) { c.Set("next", 2) }).Get("/widgets")
	require.Equal(t, 200, a.StatusCode)
}

func TestPages_NeedNoTitle(t *testing.T) {
	b := widgets(t, func(c buffalo.Context) { c.Flash().Add("success", "Widget was <created>.") })
	a := b.Get("/widgets")
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, a.Page, "<title>"+in("en-US", "app.name")+"</title>")
	require.Equal(t, []string{"Widget was &lt;created&gt;."}, apptest.Flashes(a.Page), "a message that is not a key is shown unchanged")
}

func TestPages_SameFlashIsShownOnce(t *testing.T) {
	b := widgets(t, func(c buffalo.Context) {
		for range 3 {
			c.Flash().Add("info", "same")
			c.Flash().Add("info", "other")
		}
	})
	require.Equal(t, []string{"same", "other"}, apptest.Flashes(b.Get("/widgets").Page))
}

// Screen readers announce errors at once.
func TestPages_FlashOfAnErrorIsAnAlert(t *testing.T) {
	roles := map[string]string{"danger": "alert", "error": "alert", "warning": "status", "success": "status", "info": "status", "own": "status"}
	b := widgets(t, func(c buffalo.Context) {
		for kind := range roles {
			c.Flash().Add(kind, kind)
		}
	})
	page := b.Get("/widgets").Page
	for kind, role := range roles {
		require.Contains(t, page, `<div class="alert alert-`+kind+`" role="`+role+`"><p>`+kind+`</p>`)
	}
}

// Messages of one kind keep their order. The order of the kinds is free: Plush, which renders
// a layout that uses contentOf, takes them in any order.
func TestPages_FlashIsOrdered(t *testing.T) {
	b := widgets(t, func(c buffalo.Context) {
		for _, kind := range []string{"warning", "success", "danger", "info"} {
			c.Flash().Add(kind, kind+" first")
			c.Flash().Add(kind, kind+" second")
		}
	})
	for range 10 {
		flashes := apptest.Flashes(b.Get("/widgets").Page)
		slices.SortStableFunc(flashes, func(a, b string) int { return strings.Compare(a[:3], b[:3]) })
		require.Equal(t, []string{
			"danger first", "danger second", "info first", "info second",
			"success first", "success second", "warning first", "warning second",
		}, flashes)
	}
}

// widgets logs in to an app whose handler of /widgets calls do and sets no title.
func widgets(t *testing.T, do func(buffalo.Context)) *browser {
	modelstest.Empty(t)
	modelstest.SignUp(t, "ada@example.com")
	c := modelstest.Config()
	app := newApp(t, c)
	app.GET("/widgets", func(c buffalo.Context) error {
		do(c)
		return c.Render(http.StatusOK, r.HTML("logout/_form.plush.html"))
	})
	s := &site{apptest.NewServer(t, Handler(app, c, testLogger(t, c), nil)), t}
	b := s.browser()
	b.logIn("ada@example.com")
	b.Get("/") // shows the flash message
	return b
}
