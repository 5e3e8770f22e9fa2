package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func AccountShow(c buffalo.Context) error {
	return renderAccount(c, "", nil)
}

// ChangePasswordShow is GET /.well-known/change-password, for password managers
// (W3C, A Well-Known URL for Changing Passwords).
func ChangePasswordShow(c buffalo.Context) error {
	return redirect(c, "accountPath()")
}

// AccountDestroy is DELETE /account.
func AccountDestroy(c buffalo.Context) error {
	var form confirmationForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	user, message, err := confirmPassword(c, form.CurrentPassword)
	if err != nil {
		return err
	}
	if message != "" {
		return renderAccount(c, "delete", messages{"current_password": message})
	}
	if err := user.Delete(c, clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("account deleted")
	if err := logOut(c); err != nil {
		return err
	}
	c.Flash().Add("success", "account.deleted")
	return redirect(c, "welcomePath()")
}

// confirmPassword checks the logged-in user's password, in case the session was
// left open on a shared computer. It counts as a login attempt. message says why it
// was refused.
func confirmPassword(c buffalo.Context, password string) (user *models.User, message string, err error) {
	user, err = models.Authenticate(c, credentials(c, currentUser(c).Email, password))
	if errors.Is(err, models.ErrBadCredentials) {
		web.Info(c).Event("password confirmation failed")
		return nil, T.Translate(c, "account.wrong_password"), nil
	}
	if message, ok := rateLimited(c, err); ok {
		return nil, message, nil
	}
	return user, "", err
}

// changedMeanwhile handles the error of a change after confirmPassword. If the
// password was reset in between, the session has ended: it asks the user to log in.
func changedMeanwhile(c buffalo.Context, err error) error {
	if errors.Is(err, models.ErrBadCredentials) {
		return askToLogIn(c)
	}
	return err
}

// renderAccount shows the settings, with messages at the named form.
func renderAccount(c buffalo.Context, form string, wrong messages) error {
	c.Set("title", "account.title")
	c.Set("form", form)
	if c.Value("new_email") == nil {
		c.Set("new_email", "")
	}
	c.Set("accountLanguages", T.Options(currentUser(c).Language))
	return renderForm(c, "account/show.plush.html", wrong)
}
