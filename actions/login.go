package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type loginForm struct {
	Email    string       `form:"email"`
	Password string       `form:"password"`
	Remember web.Checkbox `form:"remember"`
}

func LoginNew(c buffalo.Context) error {
	if c.Param("cookies") == "none" && noCookies(c) { // the browser did not keep an earlier cookie
		c.Flash().Add("danger", "login.no_cookies")
	}
	return renderLogin(c, loginForm{}, "")
}

// LoginCreate is POST /login: logs in and redirects to the requested page, or asks for
// the second step. It ends the session that the browser had.
func LoginCreate(c buffalo.Context) error {
	var form loginForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	session, step, err := models.LogIn(c, credentials(c, form.Email, form.Password), bool(form.Remember))
	if errors.Is(err, models.ErrBadCredentials) {
		web.Info(c).Event("login failed")
		return renderLogin(c, form, T.Translate(c, "login.invalid"))
	}
	if message := codeOrLimitMessage(c, err); message != "" {
		return renderLogin(c, form, message)
	}
	if err != nil {
		return err
	}
	if step != nil {
		keepSecondStep(c, step)
		return redirect(c, "loginSecondPath()")
	}
	return redirectTo(c, logInTo(c, session, nextIn(c.Params())))
}

func renderLogin(c buffalo.Context, form loginForm, message string) error {
	c.Set("email", shown(form.Email))
	c.Set("remember", bool(form.Remember))
	return renderForm(c, "login.title", "login/new.plush.html", messages{"email": message, "password": message})
}
