package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

func PasswordForgotNew(c buffalo.Context) error {
	return renderPasswordForgot(c, "", "")
}

// PasswordForgotCreate is POST /password/forgot: mails a reset link. Prevents
// account enumeration: the response is always the same.
func PasswordForgotCreate(c buffalo.Context) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	normalized, ok := email.Normalize(form.Email)
	if !ok {
		return renderPasswordForgot(c, form.Email, T.Translate(c, "email.invalid"))
	}
	err := models.RequestReset(c, normalized, language(c), clientOf(c))
	if message, ok := rateLimited(c, err); ok {
		return renderPasswordForgot(c, form.Email, message)
	}
	if err != nil {
		return err
	}
	web.Info(c).Event("reset requested")
	return askToCheckMail(c, form.Email, "password_forgot")
}

func renderPasswordForgot(c buffalo.Context, typed, message string) error {
	c.Set("title", "password_forgot.title")
	c.Set("email", shown(typed))
	return renderForm(c, "password_forgot/new.plush.html", messages{"email": message})
}
