package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

var resetLink = linkForm{key: "reset_token", path: "/password/reset", find: models.FindReset, page: renderPasswordReset, check: checkSecondStep}

// PasswordResetShow is GET /password/reset/{token}, the mailed link: see linkForm.open.
func PasswordResetShow(c buffalo.Context) error { return resetLink.open(c) }

func PasswordResetEdit(c buffalo.Context) error { return resetLink.show(c) }

// PasswordResetUpdate is PUT /password/reset: sets the password and redeems the
// token. It does not log in: access to the mailbox is not enough.
func PasswordResetUpdate(c buffalo.Context) error {
	return resetLink.submit(c, func(rawToken string, token *models.Token, password string) error {
		rawDeviceCookie, err := models.ResetPassword(c, rawToken, password, clientOf(c))
		if err != nil {
			return err
		}
		deviceCookie().Set(c, rawDeviceCookie)
		web.Info(c).EmailDigest = models.EmailDigest(token.Email)
		web.Info(c).Event("password reset")
		if session := currentSession(c); session != nil && session.User.Email != token.Email {
			c.Flash().Add("success", "password_reset.done_other")
			return redirect(c, "rootPath()") // the home page says who is logged in
		}
		c.Flash().Add("success", "password_reset.done")
		return redirectTo(c, web.WithNext("/login", token.Next))
	})
}

// checkSecondStep asks for the second step first: access to the mailbox is not enough.
func checkSecondStep(c buffalo.Context, token *models.Token) error {
	step, err := models.FindResetStep(c, token, clientOf(c))
	if step == nil {
		return err
	}
	keepSecondStep(c, step)
	return models.ErrSecondStep
}

func renderPasswordReset(c buffalo.Context, message string) error {
	return renderForm(c, "password_reset.title", "password_reset/edit.plush.html", messages{"password": message})
}
