package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

type loginForm struct {
	Email    string       `form:"email"`
	Password string       `form:"password"`
	Remember web.Checkbox `form:"remember"`
}

// LoginNew is GET /login: the form.
func LoginNew(c buffalo.Context) error {
	return renderLogin(c, http.StatusOK, loginForm{}, "")
}

// LoginCreate is POST /login: logs in and goes to the page that was asked for.
func LoginCreate(c buffalo.Context) error {
	var form loginForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	session, err := models.LogIn(c, credentials(c, form.Email, form.Password), bool(form.Remember))
	if errors.Is(err, models.ErrBadCredentials) {
		web.Info(c).Event("login failed")
		return renderLogin(c, http.StatusUnprocessableEntity, form, T.Translate(c, "login.invalid"))
	}
	if message, ok := rateLimited(c, err); ok {
		return renderLogin(c, http.StatusTooManyRequests, form, message)
	}
	if err != nil {
		return err
	}
	place := takePlace(c.Session()) // before the session is cleared
	logIn(c, session)
	c.Flash().Add("success", "login.done")
	return redirectTo(c, place)
}

// renderLogin shows the form with what was typed, except the password.
func renderLogin(c buffalo.Context, status int, form loginForm, message string) error {
	c.Set("title", "login.title")
	c.Set("email", shown(form.Email))
	c.Set("remember", bool(form.Remember))
	return renderForm(c, status, "login/new.plush.html", message)
}
