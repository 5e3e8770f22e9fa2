package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// PasswordForgotNew is GET /password/forgot: asks for the address.
func PasswordForgotNew(c buffalo.Context) error {
	return renderPasswordForgot(c, http.StatusOK, "", "")
}

// PasswordForgotCreate is POST /password/forgot: mails a link to set a new
// password. The answer is the same whether or not the address has an account.
func PasswordForgotCreate(c buffalo.Context) error {
	typed := field(c, "email")
	email, ok := models.NormalizeEmail(typed)
	if !ok {
		return renderPasswordForgot(c, http.StatusUnprocessableEntity, typed, translate(c, "email.invalid"))
	}
	err := models.RequestReset(c, email, language(c), origin(c))
	if problem, ok := throttled(c, err); ok {
		return renderPasswordForgot(c, http.StatusTooManyRequests, typed, problem)
	}
	if err != nil {
		return err
	}
	edge.From(c).Event("reset requested")
	return askToCheckMail(c, typed, "password_forgot")
}

func renderPasswordForgot(c buffalo.Context, status int, typed, problem string) error {
	c.Set("title", "password_forgot.title")
	c.Set("email", shown(typed))
	return renderForm(c, status, "password_forgot/new.plush.html", problem)
}
