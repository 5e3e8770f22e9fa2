package actions

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/i18n"
	"corral/internal/web"
	"corral/models"
)

// Short names. redirect takes a path helper such as "loginPath()", redirectTo a path, which
// returnPath has checked if a client sent it, shown an email; web.Storable is for other text.
var (
	redirect, redirectTo = web.Redirect, web.RedirectTo
	shown                = email.Shown
)

type messages = web.Messages

// renderPage shows a page. The title is a message key.
func renderPage(c buffalo.Context, title, template string) error {
	c.Set("title", title)
	return c.Render(http.StatusOK, r.HTML(template))
}

// renderForm shows the page of a form; if the form was refused, with messages and 422,
// or 429 after a rate limit. JSON clients get the messages as a problem.
func renderForm(c buffalo.Context, title, template string, wrong messages) error {
	c.Set("title", title)
	keepNext(c)
	return web.RenderForm(c, r.HTML(template), wrong)
}

// codeOrLimitMessage returns a message if err is a wrong code or a rate limit, or else "". For
// a rate limit it sets Retry-After.
func codeOrLimitMessage(c buffalo.Context, err error) (message string) {
	if errors.Is(err, models.ErrBadCode) {
		web.Info(c).Event("second step failed")
		return T.Translate(c, "login_second.invalid")
	}
	var limited *models.RateLimited
	if !errors.As(err, &limited) {
		return ""
	}
	web.Info(c).Limit = limited.Limit
	web.Info(c).Event("rate limited")
	seconds := web.SetRetryAfter(c, limited.RetryAfter)
	if limited.Locked {
		return T.Translate(c, "rate_limit.locked")
	}
	return i18n.FormatWait(T.In(language(c)), seconds)
}

// nextIn returns the path to redirect to after the login, or "". It is a parameter, not a
// session value: two tabs may log in towards different pages.
func nextIn(params buffalo.ParamValues) string { return returnPath(params.Get("next")) }

// keepNext passes "next" on, in the forms and links of a page: what the handler has set, or
// else the parameter.
func keepNext(c buffalo.Context) {
	next, set := c.Value("next").(string)
	if !set {
		next = nextIn(c.Params())
	}
	c.Set("next", next)
	c.Set("next_query", web.WithNext("", next))
}

// returnPath returns the path if a login may redirect there, or "": not to other sites, nor
// to pages of guests or the logout. For /sudo it returns the page that follows. It returns
// no path that redirects to a provider: an attacker's link must not start that.
func returnPath(to string) string {
	u := web.LocalURL(to)
	if u == nil || slices.Contains([]string{"/login", "/login/second", "/logout", "/signup"}, web.TrimSlash(u.Path)) {
		return ""
	}
	switch {
	case web.TrimSlash(u.Path) == "/sudo", strings.HasPrefix(u.Path, "/sudo/"):
		return returnPath(u.Query().Get("next"))
	case strings.HasPrefix(u.Path, "/account/security/providers/"):
		return "/account/security"
	case startsFlow(u):
		return ""
	}
	return to
}

// startsFlow reports whether a GET of u redirects to a provider, or comes from there.
func startsFlow(u *url.URL) bool {
	return strings.HasPrefix(u.Path, "/auth/") && !strings.HasPrefix(u.Path, "/auth/link/") ||
		strings.HasPrefix(u.Path, "/account/security/providers/") || strings.HasPrefix(u.Path, "/sudo/")
}

func passwordMessage(c buffalo.Context, messageKey string) string {
	return T.Translate(c, messageKey, map[string]any{"min": settings.PasswordMin})
}
