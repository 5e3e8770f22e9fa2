package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// confirmationForm carries the password that confirms a change.
type confirmationForm struct {
	CurrentPassword string `form:"current_password"`
}

// AccountShow is GET /account: settings.
func AccountShow(c buffalo.Context) error {
	return renderAccount(c, http.StatusOK, "", "")
}

// ChangePasswordShow is GET /.well-known/change-password, where password
// managers look (W3C, A Well-Known URL for Changing Passwords).
func ChangePasswordShow(c buffalo.Context) error {
	return redirect(c, "accountPath()")
}

// AccountDestroy is DELETE /account: removes the account and all its data.
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
		return renderAccount(c, refusedStatus(c), "delete", message)
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

// confirmPassword asks for the logged-in user's password: the session may be
// open at a desk that others use. A wrong one counts as an attempt to log in.
// message says why it was refused, or is "".
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

// changedMeanwhile handles a password that was reset while it was confirmed:
// that has ended this session too.
func changedMeanwhile(c buffalo.Context, err error) error {
	if errors.Is(err, models.ErrBadCredentials) {
		return askToLogIn(c)
	}
	return err
}

// renderAccount shows the settings, with the message of one of the forms.
func renderAccount(c buffalo.Context, status int, form, message string) error {
	c.Set("title", "account.title")
	c.Set("form", form)
	if c.Value("new_email") == nil {
		c.Set("new_email", "")
	}
	c.Set("accountLanguages", T.Options(currentUser(c).Language))
	return renderForm(c, status, "account/show.plush.html", message)
}
