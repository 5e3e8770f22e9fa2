package actions

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gorilla/mux"

	"corral/actions/edge"
)

var errNoSuchLanguage = errors.New("the language is not shipped")

// LanguageUpdate is PUT /language: keeps the chosen language in a cookie, and
// goes back to the page on which it was chosen. It needs no session.
func LanguageUpdate(c buffalo.Context) error {
	chosen := field(c, "language")
	if !texts.Ships(chosen) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	keepLanguage(c, chosen)
	// The account's own setting comes first: without this the choice would do nothing.
	if session := currentSession(c); session != nil && session.User.Language != "" {
		if err := session.User.ChooseLanguage(c, chosen); err != nil {
			return err
		}
	}
	return redirect(c, pageBefore(c))
}

const languageLifetime = 365 * 24 * time.Hour

// keepLanguage stores a choice in this browser; "" takes it back.
func keepLanguage(c buffalo.Context, chosen string) {
	cookie := &http.Cookie{
		Name:     languageCookieName(c.Request()),
		Value:    chosen,
		Path:     "/",
		MaxAge:   int(languageLifetime.Seconds()),
		Secure:   edge.From(c).Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	if chosen == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Response(), cookie)
}

// languageCookieName goes by the request alone, for error pages know no more.
// In production every request that gets here came by https.
func languageCookieName(r *http.Request) string {
	if edge.From(r.Context()).Secure {
		return "__Host-corral-lang"
	}
	return "lang"
}

// languageOf is the language of the answer to r: the account's own ("" is
// none), else what was chosen in this browser, else what the browser asks for.
func languageOf(r *http.Request, account string) string {
	chosen := ""
	if cookie, err := r.Cookie(languageCookieName(r)); err == nil {
		chosen = cookie.Value
	}
	return texts.Match(r.Header.Get("Accept-Language"), account, chosen)
}

// pageBefore is the page on which a form was sent: the form says it, for our
// pages send no Referer. The answer to a refused form stands at an address that
// cannot be read; the page above it can.
func pageBefore(c buffalo.Context) string {
	place := field(c, "return")
	if referer, err := url.Parse(c.Request().Referer()); place == "" && err == nil {
		place = referer.EscapedPath()
	}
	app := c.Value("app").(*buffalo.App)
	for isReturnPath(place) {
		probe := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: strings.TrimSuffix(place, "/") + "/"}, Host: c.Request().Host}
		match := new(mux.RouteMatch)
		if app.Muxer().Match(probe, match); match.MatchErr != mux.ErrMethodMismatch {
			return place
		}
		place = path.Dir(strings.TrimSuffix(place, "/"))
	}
	return "/welcome"
}

// thisPage is what pageBefore is told, without the query: a page that is the
// same for everybody must not hold what one of them asked.
func thisPage(r *http.Request) string {
	if place := trimSlash(r.URL.EscapedPath()); isReturnPath(place) {
		return place
	}
	return ""
}

// languageOptions are the shipped languages by their own names, once for each
// that may be selected; "" selects none.
var languageOptions = func() map[string]template.HTML {
	names := texts.Names()
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(languageName(a), languageName(b)) })
	options := map[string]template.HTML{}
	for _, selected := range append(names, "") {
		var list strings.Builder
		for _, name := range names {
			attribute := ""
			if name == selected {
				attribute = " selected"
			}
			fmt.Fprintf(&list, `<option value="%s" lang="%[1]s"%s>%s</option>`, name, attribute, template.HTMLEscapeString(languageName(name)))
		}
		options[selected] = template.HTML(list.String())
	}
	return options
}()

func languageName(name string) string { return texts.In(name)("language.name") }
