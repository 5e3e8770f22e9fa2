package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// resetTokenKey is where the session keeps the token of a link that was opened.
const resetTokenKey = "reset_token"

// PasswordResetShow is GET /password/reset/{token}, the link: keeps the token
// in the session and moves on, so that it leaves the address bar and the
// history. It spends nothing: mail scanners follow links.
func PasswordResetShow(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := models.FindResetUser(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(resetTokenKey, rawToken)
	return redirect(c, "/password/reset")
}

// PasswordResetEdit is GET /password/reset: the form behind the link.
func PasswordResetEdit(c buffalo.Context) error {
	rawToken, ok := c.Session().Get(resetTokenKey).(string)
	if !ok {
		return redirect(c, "/password/forgot")
	}
	person, err := models.FindResetUser(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	return renderPasswordReset(c, http.StatusOK, person, "")
}

// PasswordResetUpdate is PUT /password/reset: sets the password and spends the
// link. It does not sign in: who reads the mailbox does not yet know the password.
func PasswordResetUpdate(c buffalo.Context) error {
	rawToken, ok := c.Session().Get(resetTokenKey).(string)
	if !ok {
		return redirect(c, "/password/forgot")
	}
	person, err := models.FindResetUser(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	password, problem := models.CheckPassword(field(c, "password"), person.Email)
	if problem != "" {
		return renderPasswordReset(c, http.StatusUnprocessableEntity, person, passwordProblem(c, problem))
	}
	if err := models.ResetPassword(c, rawToken, password, origin(c)); err != nil {
		return deadLink(c, err)
	}
	edge.From(c).Event("password reset")
	c.Session().Delete(resetTokenKey)
	c.Flash().Add("success", "password_reset.done")
	return redirect(c, "/login")
}

// passwordProblem is what models.CheckPassword found, in words.
func passwordProblem(c buffalo.Context, key string) string {
	return translate(c, key, map[string]any{"min": configOf(c).PasswordMin})
}

func renderPasswordReset(c buffalo.Context, status int, person *models.User, problem string) error {
	c.Set("title", "password_reset.title")
	c.Set("email", person.Email)
	return renderForm(c, status, "password_reset/edit.plush.html", problem)
}
