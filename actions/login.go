package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

type loginForm struct {
	Email    string
	Password string
	Remember bool
}

// LoginNew is GET /login: the form.
func LoginNew(c buffalo.Context) error {
	return renderLogin(c, http.StatusOK, loginForm{}, "")
}

// LoginCreate is POST /login: signs in and goes where the person wanted to go.
func LoginCreate(c buffalo.Context) error {
	form := loginForm{
		Email:    field(c, "email"),
		Password: field(c, "password"),
		Remember: field(c, "remember") != "",
	}
	session, err := models.LogIn(c, credentials(c, form.Email, form.Password), form.Remember)
	if errors.Is(err, models.ErrBadCredentials) {
		edge.From(c).Event("login failed")
		return renderLogin(c, http.StatusUnprocessableEntity, form, translate(c, "login.invalid"))
	}
	if problem, ok := throttled(c, err); ok {
		return renderLogin(c, http.StatusTooManyRequests, form, problem)
	}
	if err != nil {
		return err
	}
	place := takePlace(c.Session()) // before the session is cleared
	keepSession(c, session)
	c.Flash().Add("success", "login.done")
	return redirect(c, place)
}

// renderLogin shows the form with what was typed, except the password, and a
// problem, what is wrong with it in the person's language.
func renderLogin(c buffalo.Context, status int, form loginForm, problem string) error {
	c.Set("title", "login.title")
	c.Set("email", shown(form.Email))
	c.Set("remember", form.Remember)
	return renderForm(c, status, "login/new.plush.html", problem)
}
