package actions

import (
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
)

// Session keys about a requested mail.
const (
	mailedToKey  = "mailed_to"  // the typed email
	mailedForKey = "mailed_for" // signup or password_forgot, to request it again
)

// askToCheckMail redirects to the next page. Prevents account enumeration: it is
// the same whether or not a mail was queued.
func askToCheckMail(c buffalo.Context, typed, request string) error {
	c.Session().Set(mailedToKey, shown(strings.TrimSpace(typed)))
	c.Session().Set(mailedForKey, request)
	return redirect(c, "checkMailPath()")
}

func CheckMailShow(c buffalo.Context) error {
	to, _ := c.Session().Get(mailedToKey).(string)
	request, _ := c.Session().Get(mailedForKey).(string)
	if request == "signup" && !settings.SignupOpen {
		to, request = "", "" // it was open when the mail was requested
	}
	c.Set("title", "check_mail.title")
	c.Set("to", to)
	c.Set("requested", request)
	c.Set("again", map[string]string{"signup": "/signup", "password_forgot": "/password/forgot"}[request])
	c.Set("meant", email.Suggest(to))
	return c.Render(http.StatusOK, r.HTML("check_mail/show.plush.html"))
}
