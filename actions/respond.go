package actions

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/i18n"
	"corral/internal/web"
	"corral/models"
)

// redirect answers with 302 to a GET, with 303 after a form. To is a path helper
// such as "loginPath()".
func redirect(c buffalo.Context, to string) error {
	return c.Redirect(redirectStatus(c), to)
}

// redirectTo is redirect for a path that a client may have chosen. It is an
// argument, since Buffalo reads its second parameter as a format and as the name
// of a path helper.
func redirectTo(c buffalo.Context, path string) error {
	return c.Redirect(redirectStatus(c), "%s", path)
}

func redirectStatus(c buffalo.Context) int {
	if c.Request().Method == http.MethodGet {
		return http.StatusFound
	}
	return http.StatusSeeOther
}

// renderForm shows a form with a message about what is wrong, or "". A client
// that wants JSON gets the message as a problem.
func renderForm(c buffalo.Context, status int, template, message string) error {
	if message != "" && web.WantsJSON(c.Request()) {
		return writeProblem(c.Response(), status, message)
	}
	c.Set("problem", message)
	return c.Render(status, r.HTML(template))
}

func writeProblem(w http.ResponseWriter, status int, message string) error {
	w.Header().Set("Content-Type", web.ProblemType)
	w.WriteHeader(status)
	w.Write(web.Problem(status, message)) // ignore write errors: the client is gone
	return nil
}

// refusedStatus is 429 after a rate limit, 422 otherwise.
func refusedStatus(c buffalo.Context) int {
	if c.Response().Header().Get("Retry-After") != "" {
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}

// rateLimited reports whether err is a rate limit, with a message about it, and
// sets Retry-After.
func rateLimited(c buffalo.Context, err error) (message string, ok bool) {
	var limited *models.RateLimited
	if !errors.As(err, &limited) {
		return "", false
	}
	web.Info(c).Event("rate limited")
	seconds := int(math.Ceil(limited.RetryAfter.Seconds()))
	c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
	if limited.Locked {
		return T.Translate(c, "rate_limit.locked"), true
	}
	return waitMessage(T.In(language(c)), seconds), true
}

func waitMessage(t i18n.Translate, seconds int) string {
	if seconds > 90 {
		return t("rate_limit.minutes", (seconds+59)/60) // rounded up: a wait that is over is over
	}
	return t("rate_limit.seconds", seconds)
}

// errDeadLink is a 404 with a page of its own.
var errDeadLink = errors.New("a mailed link is used up, too old or wrong")

// deadLink turns models.ErrNotFound into the page about dead links.
func deadLink(c buffalo.Context, err error) error {
	if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	web.Info(c).Event("token refused")
	return c.Error(http.StatusNotFound, errDeadLink)
}

const returnPathKey = "return_path"

// rememberPlace notes the page that an anonymous client asked for.
func rememberPlace(c buffalo.Context) {
	asked := *c.Request().URL
	asked.Path, asked.RawPath = trimSlash(asked.Path), trimSlash(asked.RawPath)
	if place := asked.RequestURI(); place != "/" && isReturnPath(place) {
		c.Session().Set(returnPathKey, place)
	}
}

// takePlace returns the noted page, once, or the home page.
func takePlace(s *buffalo.Session) string {
	if place, ok := s.GetOnce(returnPathKey).(string); ok && isReturnPath(place) {
		return place
	}
	return "/"
}

// isReturnPath reports whether a place may be returned to: a path on this site,
// other than the logout page.
func isReturnPath(place string) bool {
	u, err := url.Parse(place)
	return web.IsLocalPath(place) && err == nil && trimSlash(u.Path) != "/logout"
}

// shown returns typed text in a form that can be shown again: without what is no
// text, or "" when it is longer than an email.
func shown(typed string) string {
	const longest = 254
	typed = strings.ReplaceAll(strings.ToValidUTF8(typed, ""), "\x00", "")
	if len(typed) > longest {
		return ""
	}
	return typed
}

// passwordMessage says what models.CheckPassword found.
func passwordMessage(c buffalo.Context, messageKey string) string {
	return T.Translate(c, messageKey, map[string]any{"min": settings.PasswordMin})
}
