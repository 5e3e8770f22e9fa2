package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

// PasswordForgotNew is GET /password/forgot: asks for the email.
func PasswordForgotNew(c buffalo.Context) error {
	return renderPasswordForgot(c, http.StatusOK, "", "")
}

// PasswordForgotCreate is POST /password/forgot: mails a link to set a new
// password. The answer is the same whether or not the email has an account.
func PasswordForgotCreate(c buffalo.Context) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	normalized, ok := email.Normalize(form.Email)
	if !ok {
		return renderPasswordForgot(c, http.StatusUnprocessableEntity, form.Email, T.Translate(c, "email.invalid"))
	}
	err := models.RequestReset(c, normalized, language(c), clientOf(c))
	if message, ok := rateLimited(c, err); ok {
		return renderPasswordForgot(c, http.StatusTooManyRequests, form.Email, message)
	}
	if err != nil {
		return err
	}
	web.Info(c).Event("reset requested")
	return askToCheckMail(c, form.Email, "password_forgot")
}

func renderPasswordForgot(c buffalo.Context, status int, typed, message string) error {
	c.Set("title", "password_forgot.title")
	c.Set("email", shown(typed))
	return renderForm(c, status, "password_forgot/new.plush.html", message)
}
