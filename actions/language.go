package actions

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/i18n"
	"corral/internal/useragent"
	"corral/internal/web"
)

type languageForm struct {
	Language string `form:"language"`
}

var errNoSuchLanguage = errors.New("the language is not shipped")

// LanguageUpdate is PUT /language: keeps the chosen language in a cookie and goes
// back to the page on which it was chosen. It needs no session.
func LanguageUpdate(c buffalo.Context) error {
	var form languageForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	if !T.Ships(form.Language) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	setLanguageCookie(c, form.Language)
	// The account's own setting comes first: without this the choice would do nothing.
	if session := currentSession(c); session != nil && session.User.Language != "" {
		if err := session.User.ChooseLanguage(c, form.Language); err != nil {
			return err
		}
	}
	return redirectTo(c, pageBefore(c))
}

// Translate chooses the language of the page. What the templates have in that
// language comes from inLanguage.
func Translate(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		if settings.Development() {
			if err := T.Reload(); err != nil {
				return err
			}
		}
		c.Set("lang", languageOf(c.Request(), accountLanguage(c)))
		return next(c)
	}
}

// inLanguage returns the helpers of templates that depend on the language, nil for
// one that is not shipped; "" is the default.
func inLanguage(name string) map[string]any {
	name = cmp.Or(name, i18n.DefaultLanguage)
	t := T.In(name)
	if t == nil {
		return nil
	}
	return map[string]any{
		"t":         t,
		"dir":       i18n.Direction(name),
		"languages": T.Options(name),
		"moment":    func(at time.Time) template.HTML { return i18n.TimeElement(t, at) },
		"browserName": func(userAgent string) string {
			name, system := useragent.Name(userAgent)
			return cmp.Or(i18n.Browser(t, name, system), t("browser.unknown"))
		},
	}
}

const languageLifetime = 365 * 24 * time.Hour

// setLanguageCookie stores the choice in this browser; "" removes it.
func setLanguageCookie(c buffalo.Context, chosen string) {
	lifetime := languageLifetime
	if chosen == "" {
		lifetime = -time.Second
	}
	setCookie(c, languageCookieName(c.Request()), chosen, lifetime)
}

// languageCookieName goes by the request alone, as error pages need it. In
// production every request that gets here came by https.
func languageCookieName(r *http.Request) string {
	if web.Info(r.Context()).Secure {
		return "__Host-corral-lang"
	}
	return "lang"
}

// language returns the language of the page.
func language(c buffalo.Context) string { return c.Value("lang").(string) }

// accountLanguage returns the language of the logged-in user's account, or "".
func accountLanguage(c buffalo.Context) string {
	if session := currentSession(c); session != nil {
		return session.User.Language
	}
	return ""
}

// languageOf returns the language of the answer to r: the account's own, which
// may be "", else the one chosen in this browser, else what the browser asks for.
func languageOf(r *http.Request, account string) string {
	chosen := ""
	if cookie, err := r.Cookie(languageCookieName(r)); err == nil {
		chosen = cookie.Value
	}
	return T.Match(r.Header.Get("Accept-Language"), account, chosen)
}

// pageBefore returns the page on which a form was sent. The answer to a refused
// form stands at a path that cannot be read; the page above it can.
func pageBefore(c buffalo.Context) string {
	place := ""
	if referer, err := url.Parse(c.Request().Referer()); err == nil && referer.Host == c.Request().Host {
		place = trimSlash(referer.EscapedPath())
	}
	for place != "/" && isReturnPath(place) {
		asked := &http.Request{URL: &url.URL{Path: place + "/"}, Host: c.Request().Host}
		if allowed := web.AllowedMethods(app.Muxer(), asked); len(allowed) == 0 || slices.Contains(allowed, http.MethodGet) {
			return place
		}
		place = path.Dir(place)
	}
	if place == "/" {
		return place
	}
	return "/welcome"
}
