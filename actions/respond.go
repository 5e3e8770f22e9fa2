package actions

import (
	"errors"
	"slices"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/i18n"
	"corral/internal/web"
	"corral/models"
)

// Short names of what many handlers call.
var (
	redirect, redirectTo = web.Redirect, web.RedirectTo
	shown                = email.Shown
)

type messages = web.Messages

// renderForm shows the page of a form, with messages if it was refused.
func renderForm(c buffalo.Context, template string, wrong messages) error {
	keepNext(c)
	return web.RenderForm(c, r.HTML(template), wrong)
}

// refusal returns a message if err is a wrong code, or a rate limit, of which it
// sets Retry-After.
func refusal(c buffalo.Context, err error) (message string) {
	if errors.Is(err, models.ErrBadCode) {
		web.Info(c).Event("second step failed")
		return T.Translate(c, "login_second.invalid")
	}
	var limited *models.RateLimited
	if !errors.As(err, &limited) {
		return ""
	}
	web.Info(c).Event("rate limited")
	seconds := web.SetRetryAfter(c, limited.RetryAfter)
	if limited.Locked {
		return T.Translate(c, "rate_limit.locked")
	}
	return i18n.FormatWait(T.In(language(c)), seconds)
}

// nextIn returns where the client wants to go after the login, or "". It is a
// parameter and not in the session, so each tab has its own.
func nextIn(params buffalo.ParamValues) string { return returnPath(params.Get("next")) }

// keepNext passes the parameter on, in the forms and links of a page.
func keepNext(c buffalo.Context) {
	next := nextIn(c.Params())
	c.Set("next", next)
	c.Set("next_query", web.WithNext("", next))
}

// returnPath returns a path if it is one on this site to go to after a login, or "":
// not the logout page, nor those of guests, which would redirect, nor those that lead
// to a provider, which an attacker's link must not. Of /sudo it is where that leads.
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
	case strings.HasPrefix(u.Path, "/auth/") && !strings.HasPrefix(u.Path, "/auth/link/"):
		return ""
	}
	return to
}

func passwordMessage(c buffalo.Context, messageKey string) string {
	return T.Translate(c, messageKey, map[string]any{"min": settings.PasswordMin})
}
