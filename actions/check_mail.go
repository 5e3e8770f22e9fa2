package actions

import (
	"strings"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

// Keys in Buffalo's session about a requested mail.
const (
	mailedToKey  = "mailed_to"  // the typed email
	mailedForKey = "mailed_for" // the purpose of the mailed link, to request it again
)

// askToCheckMail redirects to /check-mail. Prevents account enumeration: the page is the
// same whether or not a mail was queued.
func askToCheckMail(c buffalo.Context, typed, purpose, next string) error {
	c.Session().Set(mailedToKey, shown(strings.TrimSpace(typed)))
	c.Session().Set(mailedForKey, purpose)
	return redirectTo(c, web.WithNext("/check-mail", next))
}

func CheckMailShow(c buffalo.Context) error {
	to := web.SessionText(c, mailedToKey)
	purpose := web.SessionText(c, mailedForKey)
	if purpose == models.PurposeSignup && !settings.SignupOpen {
		to, purpose = "", "" // sign-up was closed after the mail was requested
	}
	if pending, _ := pendingIdentity(c); pending != nil && purpose == models.PurposeIdentity {
		to = pending.Email
	}
	keepNext(c)
	c.Set("to", to)
	c.Set("requested", purpose)
	c.Set("again", map[string]string{models.PurposeSignup: "/signup", models.PurposeReset: "/password/forgot"}[purpose])
	c.Set("meant", email.Suggest(to))
	return renderPage(c, "check_mail.title", "check_mail/show.plush.html")
}
