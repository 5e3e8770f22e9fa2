package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// resetTokenKey is the session key of the token of an opened link.
const resetTokenKey = "reset_token"

// PasswordResetShow is GET /password/reset/{token}, the mailed link: moves the
// token to the session, out of the address bar and the history. It redeems
// nothing: mail scanners follow links.
func PasswordResetShow(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := models.FindResetUser(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(resetTokenKey, rawToken)
	return redirect(c, "passwordResetPath()")
}

func PasswordResetEdit(c buffalo.Context) error {
	rawToken, ok := c.Session().Get(resetTokenKey).(string)
	if !ok {
		return redirect(c, "passwordForgotPath()")
	}
	user, err := models.FindResetUser(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	return renderPasswordReset(c, user, "")
}

// PasswordResetUpdate is PUT /password/reset: sets the password and redeems the
// token. It does not log in: access to the mailbox is not enough.
func PasswordResetUpdate(c buffalo.Context) error {
	var form newPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	rawToken, ok := c.Session().Get(resetTokenKey).(string)
	if !ok {
		return redirect(c, "passwordForgotPath()")
	}
	user, err := models.FindResetUser(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	password, messageKey := models.CheckPassword(form.Password, user.Email)
	if messageKey != "" {
		return renderPasswordReset(c, user, passwordMessage(c, messageKey))
	}
	if err := models.ResetPassword(c, rawToken, password, clientOf(c)); err != nil {
		return deadLink(c, err)
	}
	web.Info(c).Event("password reset")
	c.Session().Delete(resetTokenKey)
	c.Flash().Add("success", "password_reset.done")
	return redirect(c, "loginPath()")
}

func renderPasswordReset(c buffalo.Context, user *models.User, message string) error {
	c.Set("title", "password_reset.title")
	c.Set("email", user.Email)
	return renderForm(c, "password_reset/edit.plush.html", messages{"password": message})
}
