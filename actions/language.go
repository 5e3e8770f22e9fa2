package actions

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

var errNoSuchLanguage = errors.New("the language is not shipped")

// LanguageUpdate is PUT /language: sets the cookie, and redirects to the form's page.
func LanguageUpdate(c buffalo.Context) error {
	var form languageForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	if !T.Ships(form.Language) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	languageCookie().Set(c, form.Language)
	// The account's language would override the cookie.
	if session := currentSession(c); session != nil && session.User.Language != "" {
		err := session.User.ChooseLanguage(c, form.Language)
		if err != nil && !errors.Is(err, models.ErrBadCredentials) { // the cookie has it
			return err
		}
	}
	page := pageBefore(c)
	if u, err := url.Parse(page); page == "" || err != nil || startsFlow(u) { // not the page, but its error page has the form
		page = cmp.Or(returnPath(page), "/welcome")
	}
	if !strings.Contains(page, "?") { // after a refused form
		page = web.WithNext(page, nextIn(c.Params()))
	}
	return redirectTo(c, page)
}

func Translate(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		if settings.Development() {
			if err := T.Reload(); err != nil {
				return err
			}
		}
		account := ""
		if session := currentSession(c); session != nil {
			account = session.User.Language
		}
		c.Set("lang", languageOf(c.Request(), account))
		return next(c)
	}
}

func language(c buffalo.Context) string { return c.Value("lang").(string) }

func textHelpers(language string) map[string]any { return T.Helpers(language) } // tests replace T

// languageCookie keeps the language of this browser.
func languageCookie() web.Cookie {
	return web.Cookie{Name: settings.CookieName("corral-lang"), Lifetime: 365 * 24 * time.Hour}
}

// languageOf returns the language of the response: the account's, if that is not "", or
// else the cookie's, or else the browser's.
func languageOf(r *http.Request, account string) string {
	return T.Match(r.Header.Get("Accept-Language"), account, languageCookie().Value(r))
}
