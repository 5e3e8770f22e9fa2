package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type accountPasswordForm struct {
	CurrentPassword string `form:"current_password"`
	Password        string `form:"password"`
}

// AccountPasswordUpdate is PUT /account/password: changes the password, ends
// every session and starts a new one for this browser.
func AccountPasswordUpdate(c buffalo.Context) error {
	var form accountPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	user, message, err := confirmPassword(c, form.CurrentPassword)
	if err != nil {
		return err
	}
	password, messageKey := models.CheckPassword(form.Password, currentUser(c).Email)
	if message != "" || messageKey != "" {
		return renderAccount(c, "password", messages{"current_password": message, "password": passwordMessage(c, messageKey)})
	}
	if err := user.ChangePassword(c, password, clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("password changed")
	session, err := models.StartSession(c, user, clientOf(c), currentSession(c).Remembered)
	if err != nil {
		return changedMeanwhile(c, err)
	}
	logIn(c, session)
	c.Flash().Add("success", "account.password_changed")
	return redirect(c, "accountPath()")
}
