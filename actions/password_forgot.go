package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/models"
)

func PasswordForgotNew(c buffalo.Context) error {
	return renderPasswordForgot(c, "", "")
}

// PasswordForgotCreate is POST /password/forgot: mails a reset link.
func PasswordForgotCreate(c buffalo.Context) error {
	return requestLink(c, models.PurposeReset, renderPasswordForgot)
}

func renderPasswordForgot(c buffalo.Context, typed, message string) error {
	c.Set("email", shown(typed))
	return renderForm(c, "password_forgot.title", "password_forgot/new.plush.html", messages{"email": message})
}
