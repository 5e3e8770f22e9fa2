package actions

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/i18n"
	"corral/internal/web"
	"corral/models"
)

// redirect responds with 302 to a GET, else 303. To is a path helper such as
// "loginPath()".
func redirect(c buffalo.Context, to string) error {
	return c.Redirect(redirectStatus(c), to)
}

// redirectTo is redirect for a path from a client, which Buffalo must not read
// as a format or a path helper.
func redirectTo(c buffalo.Context, path string) error {
	return c.Redirect(redirectStatus(c), "%s", path)
}

func redirectStatus(c buffalo.Context) int {
	if c.Request().Method == http.MethodGet {
		return http.StatusFound
	}
	return http.StatusSeeOther
}

// messages say what is wrong with a form, by field; "" is nothing.
type messages map[string]string

// renderForm shows a form, with 200; if refused, with messages and 422, or 429
// after a rate limit. JSON clients get the messages as a problem.
func renderForm(c buffalo.Context, template string, wrong messages) error {
	maps.DeleteFunc(wrong, func(_, message string) bool { return message == "" })
	message := strings.Join(slices.Compact(slices.Sorted(maps.Values(wrong))), " ")
	status := http.StatusOK
	if message != "" {
		status = http.StatusUnprocessableEntity
		if c.Response().Header().Get("Retry-After") != "" {
			status = http.StatusTooManyRequests
		}
		if web.WantsJSON(c.Request()) {
			web.WriteProblem(c.Response(), status, message, wrong)
			return nil
		}
	}
	keepNext(c)
	c.Set("messages", wrong)
	c.Set("form_message", message)
	return c.Render(status, r.HTML(template))
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
	seconds := int(math.Ceil(limited.RetryAfter.Seconds()))
	c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
	if limited.Locked {
		return T.Translate(c, "rate_limit.locked")
	}
	return waitMessage(T.In(language(c)), seconds)
}

func waitMessage(t i18n.Translate, seconds int) string {
	if seconds > 90 {
		return t("rate_limit.minutes", (seconds+59)/60) // rounded up, so that waiting is enough
	}
	return t("rate_limit.seconds", seconds)
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
	u, err := url.Parse(to)
	if !web.IsLocalPath(to) || err != nil || !isClean(to) || !isClean(u.Path) || slices.Contains([]string{"/login", "/login/second", "/logout", "/signup"}, web.TrimSlash(u.Path)) {
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

// isClean reports whether neither http.Redirect nor a browser makes another path of it:
// what is checked must be what the client gets.
func isClean(p string) bool {
	p, _, _ = strings.Cut(p, "?")
	return path.Clean(p) == web.TrimSlash(p)
}

// shown returns typed text as valid UTF-8 to show again, or "" if longer than any
// email.
func shown(typed string) string {
	const longest = 254
	typed = strings.ReplaceAll(strings.ToValidUTF8(typed, ""), "\x00", "")
	if len(typed) > longest {
		return ""
	}
	return typed
}

func passwordMessage(c buffalo.Context, messageKey string) string {
	return T.Translate(c, messageKey, map[string]any{"min": settings.PasswordMin})
}
