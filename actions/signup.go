package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// signupTokenKey is where the session keeps the token of a link that was opened.
const signupTokenKey = "signup_token"

// SignupNew is GET /signup: asks for the address only. No password exists
// before its owner has opened the mailed link, so nobody can prepare one for
// somebody else's address.
func SignupNew(c buffalo.Context) error {
	return renderSignup(c, http.StatusOK, "", "")
}

// SignupCreate is POST /signup: mails the link. The answer is the same for a
// free and a taken address.
func SignupCreate(c buffalo.Context) error {
	typed := field(c, "email")
	email, ok := models.NormalizeEmail(typed)
	if !ok {
		return renderSignup(c, http.StatusUnprocessableEntity, typed, translate(c, "email.invalid"))
	}
	err := models.RequestSignup(c, email, language(c), origin(c))
	if problem, ok := throttled(c, err); ok {
		return renderSignup(c, http.StatusTooManyRequests, typed, problem)
	}
	if err != nil {
		return err
	}
	edge.From(c).Event("signup requested")
	return askToCheckMail(c, typed, "signup")
}

// SignupShow is GET /signup/{token}, the link: keeps the token in the session
// and moves on, so that it leaves the address bar and the history. It spends
// nothing: mail scanners follow links.
func SignupShow(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := models.FindSignupEmail(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(signupTokenKey, rawToken)
	return redirect(c, "/signup/password")
}

// SignupPasswordNew is GET /signup/password: the form behind the link.
func SignupPasswordNew(c buffalo.Context) error {
	rawToken, _ := c.Session().Get(signupTokenKey).(string)
	email, err := models.FindSignupEmail(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	return renderSignupPassword(c, http.StatusOK, email, "")
}

// SignupPasswordCreate is POST /signup/password: makes the account and signs in.
func SignupPasswordCreate(c buffalo.Context) error {
	rawToken, _ := c.Session().Get(signupTokenKey).(string)
	email, err := models.FindSignupEmail(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	password, problem := models.CheckPassword(field(c, "password"), email)
	if problem != "" {
		return renderSignupPassword(c, http.StatusUnprocessableEntity, email, passwordProblem(c, problem))
	}
	session, err := models.CompleteSignup(c, rawToken, password, language(c), origin(c))
	if err != nil {
		return deadLink(c, err)
	}
	edge.From(c).Event("account created")
	keepSession(c, session)
	c.Flash().Add("success", "signup.done")
	return redirect(c, "/")
}

func renderSignup(c buffalo.Context, status int, typed, problem string) error {
	c.Set("title", "signup.title")
	c.Set("email", shown(typed))
	return renderForm(c, status, "signup/new.plush.html", problem)
}

func renderSignupPassword(c buffalo.Context, status int, email, problem string) error {
	c.Set("title", "signup.password_title")
	c.Set("email", email)
	return renderForm(c, status, "signup/password.plush.html", problem)
}

// deadLink turns models.ErrNotFound into the page about links that are used
// up, too old or wrong.
func deadLink(c buffalo.Context, err error) error {
	if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	edge.From(c).Event("token refused")
	return c.Error(http.StatusNotFound, errDeadLink)
}
