package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
)

// AccountEmailUpdate is PUT /account/email: mails a link that completes the change. The
// response does not tell whether the new email has an account.
func AccountEmailUpdate(c buffalo.Context) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	user := currentUser(c)
	newEmail, ok := email.Normalize(form.Email)
	switch {
	case !ok:
		return renderAccount(c, form.Email, messages{"email": T.Translate(c, "email.invalid")})
	case newEmail == user.Email: // prevents a mail that announces no change
		return renderAccount(c, form.Email, messages{"email": T.Translate(c, "account.same_email")})
	}
	err := user.RequestEmailChange(c, newEmail, clientOf(c))
	if message := codeOrLimitMessage(c, err); message != "" {
		return renderAccount(c, form.Email, messages{"email": message})
	}
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("email change requested")
	// Set, not Add: the cookie is limited to 4 KB.
	c.Flash().Set("info", []string{T.Translate(c, "account.email_change_requested", map[string]any{"email": newEmail})})
	return redirect(c, "accountPath()")
}

// AccountEmailConfirmNew is GET /account/email/confirm/{token}, the mailed link: shows
// the button that redeems it.
func AccountEmailConfirmNew(c buffalo.Context) error {
	token, err := currentUser(c).FindEmailChange(c, c.Param("token"))
	if err != nil {
		return deadLink(c, err)
	}
	c.Set("email", token.Email)
	c.Set("action", "/account/email/confirm/"+c.Param("token"))
	return renderPage(c, "account_email.confirm_title", "account_email/confirm.plush.html")
}

func AccountEmailConfirmCreate(c buffalo.Context) error {
	err := currentUser(c).ConfirmEmailChange(c, c.Param("token"), clientOf(c))
	return deadLink(c, changed(c, err, "email changed", "account_email.confirmed", "accountPath()"))
}
