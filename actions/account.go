package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

func AccountShow(c buffalo.Context) error {
	return renderAccount(c, "", nil)
}

// ChangePasswordShow is GET /.well-known/change-password, for password managers
// (W3C, A Well-Known URL for Changing Passwords).
func ChangePasswordShow(c buffalo.Context) error { return redirect(c, "accountPath()") }

func AccountDestroy(c buffalo.Context) error {
	if err := currentUser(c).Delete(c, clientOf(c)); err != nil {
		return changedMeanwhile(c, err)
	}
	web.Info(c).Event("account deleted")
	forgetSession(c)
	c.Flash().Add("success", "account.deleted")
	return redirect(c, "welcomePath()")
}

// renderAccount shows the account page. typed is the new email of a form that was refused.
func renderAccount(c buffalo.Context, typed string, wrong messages) error {
	c.Set("confirmed", currentSession(c).Confirmed())
	c.Set("new_email", shown(typed))
	c.Set("accountLanguages", T.Options(currentUser(c).Language))
	return renderForm(c, "account.title", "account/show.plush.html", wrong)
}
