package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// AccountEmailUpdate is PUT /account/email: mails a link to the new address;
// the change waits for it. The answer tells nothing about the new address.
func AccountEmailUpdate(c buffalo.Context) error {
	person, problem, err := confirmPassword(c)
	if err != nil {
		return err
	}
	if problem != "" {
		return renderAccount(c, problemStatus(c), "email_password", problem)
	}
	email, ok := models.NormalizeEmail(field(c, "email"))
	if !ok {
		return renderAccount(c, http.StatusUnprocessableEntity, "email", translate(c, "email.invalid"))
	}
	if email == person.Email { // else the mails would tell of a change, and the undo link end every session
		return renderAccount(c, http.StatusUnprocessableEntity, "email", translate(c, "account.same_email"))
	}
	err = person.RequestEmailChange(c, email, origin(c))
	if problem, ok := throttled(c, err); ok {
		return renderAccount(c, http.StatusTooManyRequests, "email", problem)
	}
	if err != nil {
		return tooLate(c, err)
	}
	edge.From(c).Event("email change requested")
	// In place of the one before: a cookie holds no six addresses.
	c.Flash().Set("info", []string{translate(c, "account.email_asked", map[string]any{"email": email})})
	return redirect(c, "/account")
}

// AccountEmailConfirmNew is GET /account/email/confirm/{token}, the link in the
// mail to the new address: a page with a button, for a GET changes nothing.
func AccountEmailConfirmNew(c buffalo.Context) error {
	email, err := currentUser(c).FindEmailChange(c, c.Param("token"))
	if err != nil {
		return deadLink(c, err)
	}
	c.Set("title", "account_email.confirm_title")
	c.Set("email", email)
	c.Set("action", "/account/email/confirm/"+c.Param("token"))
	return c.Render(http.StatusOK, r.HTML("account_email/confirm.plush.html"))
}

// AccountEmailConfirmCreate is POST /account/email/confirm/{token}: changes the address.
func AccountEmailConfirmCreate(c buffalo.Context) error {
	if err := currentUser(c).ConfirmEmailChange(c, c.Param("token"), origin(c)); err != nil {
		return deadLink(c, err)
	}
	edge.From(c).Event("email changed")
	c.Flash().Add("success", "account_email.confirmed")
	return redirect(c, "/account")
}

// AccountEmailUndoNew is GET /account/email/undo/{token}, the link in the mail
// to the old address: a page with a button.
func AccountEmailUndoNew(c buffalo.Context) error {
	email, err := models.FindEmailUndo(c, c.Param("token"))
	if err != nil {
		return deadLink(c, err)
	}
	c.Set("title", "account_email.undo_title")
	c.Set("email", email)
	c.Set("action", "/account/email/undo/"+c.Param("token"))
	return c.Render(http.StatusOK, r.HTML("account_email/undo.plush.html"))
}

// AccountEmailUndoCreate is POST /account/email/undo/{token}: gives the account
// back to the old address and mails a link to set a new password.
func AccountEmailUndoCreate(c buffalo.Context) error {
	if err := models.UndoEmailChange(c, c.Param("token"), origin(c)); err != nil {
		return deadLink(c, err)
	}
	edge.From(c).Event("email change undone")
	c.Flash().Add("success", "account_email.undone")
	return redirect(c, "/login")
}
