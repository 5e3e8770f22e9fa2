// Package pages checks the structure, content and weight of the shipped app's
// pages.
package pages

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"corral/lab/binary"
	"corral/lab/site"
)

func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }

// everyPage returns each page in each state, by name. The names of pages with a refused
// form end in "refused".
func everyPage(t *testing.T, language string) map[string]site.Answer {
	t.Helper()
	s := site.OpenProduction(t)
	s.SignUp("ada@example.com")
	b, anonymous := s.Browser(), s.Browser()
	for _, browser := range []*site.Browser{b, anonymous} {
		browser.Header.Set("Accept-Language", language)
	}
	pages := map[string]site.Answer{
		"welcome": anonymous.Get("/welcome"), "login": anonymous.Get("/login"), "signup": anonymous.Get("/signup"), "forgot": anonymous.Get("/password/forgot"),
		"not found": anonymous.Get("/nothing"), "dead link": anonymous.Get("/signup/x"), "wrong method": anonymous.Send("PUT", "/welcome", ""),
		"login refused":  anonymous.Post("/login", "email", "ada@example.com", "password", "x"),
		"signup refused": anonymous.Post("/signup", "email", "ada"), "forgot refused": anonymous.Post("/password/forgot", "email", ""),
	}
	anonymous.Post("/signup", "email", "zoe@gmial.com")
	pages["check mail"] = anonymous.Get("/check-mail")
	anonymous.Get("/signup/" + s.Token("signup", "zoe@gmial.com"))
	pages["choose"] = anonymous.Get("/signup/password")
	pages["choose refused"] = anonymous.Post("/signup/password", "password", "short")
	anonymous.Post("/password/forgot", "email", "ada@example.com")
	anonymous.Get("/password/reset/" + s.Token("reset", "ada@example.com"))
	pages["reset"] = anonymous.Get("/password/reset")
	pages["reset refused"] = anonymous.Put("/password/reset", "password", "short")
	anonymous.Get("/account")
	pages["login first"] = anonymous.Get("/login")

	s.SignUp("cleo@example.com")
	cleo := anonymous // logs in from here on
	cleo.LogIn("cleo@example.com")
	cleo.TurnSecondStepOn("cleo@example.com")
	pages["sudo code"] = cleo.Get("/sudo")
	pages["sudo code refused"] = cleo.Post("/sudo", "code", "x")
	cleo.LogOut()
	cleo.LogIn("cleo@example.com")
	pages["second step"] = cleo.Get("/login/second")
	pages["second step refused"] = cleo.Post("/login/second", "code", "x")

	b.LogIn("ada@example.com")
	for name, path := range map[string]string{"home": "/", "account": "/account", "security": "/account/security", "devices": "/account/sessions", "activity": "/account/activity", "sudo": "/sudo", "logout": "/logout"} {
		pages[name] = b.Get(path)
	}
	pages["account email refused"] = b.Put("/account/email", "email", "ada")
	pages["account password refused"] = b.Put("/account/password", "password", "short")
	pages["totp"] = b.Get("/account/security/totp")
	pages["totp refused"] = b.Post("/account/security/totp", "code", "x")
	pages["recovery codes"] = b.Get("/account/security/recovery-codes")
	pages["sudo refused"] = b.Post("/sudo", "password", "x")
	b.Put("/account/email", "email", "ada@new.example")
	s.Execute("UPDATE sessions SET confirmed_at = NULL")
	pages["account unconfirmed"] = b.Get("/account")
	b.Put("/account/email", "email", "ada@new.example")
	pages["sudo first"] = b.Get("/sudo")
	pages["confirm"] = b.Get("/account/email/confirm/" + s.Token("email_confirm", "ada@new.example"))
	b.Post("/account/email/confirm/" + s.Token("email_confirm", "ada@new.example"))
	pages["undo"] = b.Get("/not-me/" + s.Token("email_changed", "ada@example.com"))
	return pages
}

func TestPages_AreAccessible(t *testing.T) {
	for _, language := range []string{"en-US", "ar"} {
		for name, a := range everyPage(t, language) {
			t.Run(language+"/"+name, func(t *testing.T) {
				p := parsePage(t, a.Page)
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

func TestPages_NavigationMarksThePage(t *testing.T) {
	pages := everyPage(t, "en-US")
	for name, want := range map[string]string{
		"home": "/", "account": "/account", "security": "/account/security", "devices": "/account/sessions", "activity": "/account/activity", "account email refused": "/account", "account password refused": "/account/security",
	} {
		current := parsePage(t, pages[name].Page).with("aria-current")
		require.Len(t, current, 1, name)
		require.Equal(t, want, current[0]["href"])
		require.Equal(t, "page", current[0]["aria-current"])
	}
	require.Empty(t, parsePage(t, pages["login"].Page).with("aria-current"))
}

func TestPages_FieldsSayAutocomplete(t *testing.T) {
	pages := everyPage(t, "en-US")
	for name, want := range map[string][]string{
		"login": {"username webauthn", "current-password"}, "signup": {"username"}, "forgot": {"username"},
		"second step": {"one-time-code"}, "sudo code": {"one-time-code"},
		"choose": {"username", "new-password"}, "reset": {"username", "new-password"},
		"account": {"email"}, "security": {"username", "new-password"}, "sudo": {"username", "current-password"}, "account unconfirmed": nil,
	} {
		var found []string
		for _, field := range parsePage(t, pages[name].Page).all("input") {
			if field["type"] != "hidden" && field["type"] != "checkbox" {
				found = append(found, field["autocomplete"])
			}
		}
		require.Equal(t, want, found, name)
	}
}

// element has an element's attributes. The key "" is its name, and "text" its text.
type element map[string]string

type parsedPage struct {
	t        *testing.T
	elements []element
	ids      map[string]element
}

func parsePage(t *testing.T, source string) *parsedPage {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(source), html.ParseOptionEnableScripting(false)) // false: parse noscript elements
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

// requireNothingForeign requires that no script or style is inline or from another host,
// and that scripts are modules.
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

// requireError requires that the title mentions the error, that screen readers announce
// the message, that its fields refer to it, and that one of these fields has the focus.
func (p *parsedPage) requireError() {
	require.Contains(p.t, p.one("title")["text"], " · ")
	require.Equal(p.t, 2, strings.Count(p.one("title")["text"], " · "), "the title names the error, the page and the app")
	wrong := p.with("aria-invalid")
	require.NotEmpty(p.t, wrong)
	for _, field := range wrong {
		message := p.ids[strings.Fields(field["aria-describedby"])[0]]
		require.Equal(p.t, "alert", message["role"])
		require.NotEmpty(p.t, message["text"])
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
