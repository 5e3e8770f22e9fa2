package actions

import "github.com/gobuffalo/buffalo"

func AccountShow(c buffalo.Context) error {
	return renderAccount(c, "", nil)
}

// ChangePasswordShow is GET /.well-known/change-password, for password managers
// (W3C, A Well-Known URL for Changing Passwords).
func ChangePasswordShow(c buffalo.Context) error { return redirect(c, "accountPath()") }

func AccountDestroy(c buffalo.Context) error {
	err := currentUser(c).Delete(c, clientOf(c))
	if err == nil {
		forgetSession(c)
	}
	return changed(c, err, "account deleted", "account.deleted", "welcomePath()")
}

// renderAccount shows the account page. typed is the new email of a form that was refused.
func renderAccount(c buffalo.Context, typed string, wrong messages) error {
	c.Set("confirmed", currentSession(c).Confirmed())
	c.Set("new_email", shown(typed))
	c.Set("accountLanguages", T.Options(currentUser(c).Language))
	return renderForm(c, "account.title", "account/show.plush.html", wrong)
}
