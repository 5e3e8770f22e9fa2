package actions

import (
	"cmp"
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type sudoForm struct {
	Password string `form:"password"`
	Code     string `form:"code"` // in place of the password if the second step is on
}

// SudoNew is GET /sudo: asks a logged-in user for a confirmation.
func SudoNew(c buffalo.Context) error {
	return renderSudo(c, "")
}

// SudoCreate is POST /sudo: confirms the session, and redirects to the page that the
// user was on.
func SudoCreate(c buffalo.Context) error {
	var form sudoForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	session := currentSession(c)
	cred := credentials(c, session.User.Email, form.Password)
	cred.Code = form.Code
	rawToken, err := session.Confirm(c, cred)
	switch message := codeOrLimitMessage(c, err); {
	case message != "":
		return renderSudo(c, message)
	case errors.Is(err, models.ErrBadCredentials) && session.User.SecondStep: // a wrong code is ErrBadCode
		return changedMeanwhile(c, err)
	case errors.Is(err, models.ErrBadCredentials):
		web.Info(c).Event("password confirmation failed")
		return renderSudo(c, T.Translate(c, "sudo.wrong_password"))
	case errors.Is(err, models.ErrSessionEnded):
		web.Info(c).Event("too many confirmations failed")
		forgetSession(c)
		c.Set(loginMessageKey, "sudo.ended")
		return askToLogIn(c)
	case errors.Is(err, models.ErrNotFound): // another request ended the session
		return askToLogIn(c)
	case err != nil:
		return err
	}
	keepConfirmed(c, session, rawToken)
	return redirectTo(c, cmp.Or(nextIn(c.Params()), "/account"))
}

func renderSudo(c buffalo.Context, message string) error {
	_, err := setFactors(c, currentUser(c))
	if err = errors.Join(err, setProviders(c, currentUser(c))); err != nil {
		return err
	}
	field := "password"
	if currentUser(c).SecondStep {
		field = "code"
	}
	return renderForm(c, "sudo.title", "sudo/new.plush.html", messages{field: message})
}
