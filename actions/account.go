package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// AccountShow is GET /account: settings.
func AccountShow(c buffalo.Context) error {
	return renderAccount(c, http.StatusOK, "", "")
}

// ChangePasswordShow is GET /.well-known/change-password, where password
// managers look (W3C, A Well-Known URL for Changing Passwords).
func ChangePasswordShow(c buffalo.Context) error {
	return c.Redirect(http.StatusFound, "/account")
}

// AccountDestroy is DELETE /account: removes the account and all its data.
func AccountDestroy(c buffalo.Context) error {
	person, problem, err := confirmPassword(c)
	if err != nil {
		return err
	}
	if problem != "" {
		return renderAccount(c, problemStatus(c), "delete", problem)
	}
	if err := person.Delete(c, origin(c)); err != nil {
		return tooLate(c, err)
	}
	edge.From(c).Event("account deleted")
	if err := signOut(c); err != nil {
		return err
	}
	c.Flash().Add("success", "account.deleted")
	return redirect(c, "/welcome")
}

// confirmPassword asks for the password of the person who is signed in, for an
// open session may be somebody else's at the desk. A wrong one counts as a try
// to log in. problem says in words why it was refused, or is "".
func confirmPassword(c buffalo.Context) (person *models.User, problem string, err error) {
	person, err = models.Authenticate(c, credentials(c, currentUser(c).Email, field(c, "current_password")))
	if errors.Is(err, models.ErrBadCredentials) {
		edge.From(c).Event("password confirmation failed")
		return nil, translate(c, "account.wrong_password"), nil
	}
	if problem, ok := throttled(c, err); ok {
		return nil, problem, nil
	}
	return person, "", err
}

// tooLate is for somebody whose password was reset while it was confirmed: that
// has ended this session too.
func tooLate(c buffalo.Context, err error) error {
	if errors.Is(err, models.ErrBadCredentials) {
		return askToLogin(c)
	}
	return err
}

// problemStatus is 429 after a throttle, 422 otherwise.
func problemStatus(c buffalo.Context) int {
	if c.Response().Header().Get("Retry-After") != "" {
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}

// renderAccount shows the settings, with the problem of one of the forms.
func renderAccount(c buffalo.Context, status int, form, problem string) error {
	c.Set("title", "account.title")
	c.Set("form", form)
	c.Set("new_email", shown(field(c, "email"))) // as it was typed; the other forms have no such field
	c.Set("accountLanguages", languageOptions[currentUser(c).Language])
	return renderForm(c, status, "account/show.plush.html", problem)
}
