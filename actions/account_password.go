package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type accountPasswordForm struct {
	Password string `form:"password"`
}

// AccountPasswordUpdate is PUT /account/password: changes the password, ends
// every session and starts a new one for this browser.
func AccountPasswordUpdate(c buffalo.Context) error {
	var form accountPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	before := currentSession(c)
	password, messageKey := models.CheckPassword(form.Password, before.User.Email)
	if messageKey != "" {
		return renderSecurity(c, messages{"password": passwordMessage(c, messageKey)})
	}
	if err := before.User.ChangePassword(c, password, clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password changed")
	if err := restartSession(c); err != nil {
		return changedMeanwhile(c, err)
	}
	c.Flash().Add("success", "account_security.password_changed")
	// Not to the page with the form: Chromium would take the password for a refused
	// one, and not save it.
	return redirect(c, "accountPath()")
}

// AccountPasswordDestroy is DELETE /account/password: leaves passkeys as the only way
// in, ends every session and starts a new one for this browser.
func AccountPasswordDestroy(c buffalo.Context) error {
	codes, err := currentUser(c).RemovePassword(c, clientOf(c))
	if errors.Is(err, models.ErrRefused) {
		return renderSecurity(c, messages{"password_removal": T.Translate(c, "passkey.needed")})
	}
	if err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password removed")
	if err := restartSession(c); err != nil {
		return changedMeanwhile(c, err)
	}
	c.Flash().Add("success", "passkey.password_removed")
	if len(codes) > 0 {
		return showRecoveryCodes(c, codes)
	}
	return redirect(c, "accountSecurityPath()")
}

// restartSession logs this browser in again after a change that ended all sessions.
func restartSession(c buffalo.Context) error {
	before := currentSession(c)
	session, err := models.StartSession(c, before.User, clientOf(c), *before)
	if err == nil {
		logIn(c, session)
	}
	return err
}
