package actions

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/i18n"
	"corral/internal/useragent"
	"corral/internal/web"
)

var errNoSuchLanguage = errors.New("the language is not shipped")

// LanguageUpdate is PUT /language: sets the language cookie and redirects back.
func LanguageUpdate(c buffalo.Context) error {
	var form languageForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	if !T.Ships(form.Language) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	setLanguageCookie(c, form.Language)
	// The account's language would override the cookie.
	if session := currentSession(c); session != nil && session.User.Language != "" {
		if err := session.User.ChooseLanguage(c, form.Language); err != nil {
			return err
		}
	}
	return redirectTo(c, cmp.Or(web.PageBefore(app.Muxer(), c.Request()), "/welcome"))
}

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

// inLanguage returns the template helpers of a language: the default for "", or nil
// if not shipped.
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

// setLanguageCookie sets the language of this browser; "" removes it.
func setLanguageCookie(c buffalo.Context, chosen string) {
	lifetime := languageLifetime
	if chosen == "" {
		lifetime = -time.Second
	}
	setCookie(c, cookieName(settings, languageCookieName), chosen, lifetime)
}

const languageCookieName = "corral-lang"

func language(c buffalo.Context) string { return c.Value("lang").(string) }

func accountLanguage(c buffalo.Context) string {
	if session := currentSession(c); session != nil {
		return session.User.Language
	}
	return ""
}

// languageOf returns the language of the response: the account's, which may be "",
// then the cookie's, then the browser's.
func languageOf(r *http.Request, account string) string {
	chosen := ""
	if cookie, err := r.Cookie(cookieName(settings, languageCookieName)); err == nil {
		chosen = cookie.Value
	}
	return T.Match(r.Header.Get("Accept-Language"), account, chosen)
}
