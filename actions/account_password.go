package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// AccountPasswordUpdate is PUT /account/password: changes the password, ends
// every session and starts a new one for this browser.
func AccountPasswordUpdate(c buffalo.Context) error {
	var form newPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	session := currentSession(c)
	password, messageKey := models.PasswordPolicy.Check(form.Password, session.User.Email)
	if messageKey != "" {
		return renderSecurity(c, messages{"password": passwordMessage(c, messageKey)})
	}
	if err := session.User.ChangePassword(c, password, clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password changed")
	if err := restartSession(c); err != nil {
		return err
	}
	c.Flash().Add("success", "account_security.password_changed")
	// Not to the page with the form: Chromium would think that the password was
	// refused, and not save it.
	return redirect(c, "accountPath()")
}

// restartSession logs this browser in again after a change that ended all sessions. If
// another change came meanwhile, the next page asks to log in.
func restartSession(c buffalo.Context) error {
	ended := currentSession(c)
	started, err := models.StartSession(c, ended.User, clientOf(c), *ended)
	if errors.Is(err, models.ErrBadCredentials) {
		return nil
	}
	if err == nil {
		logIn(c, started)
	}
	return err
}
