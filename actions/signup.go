package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

// signupTokenKey is where the session keeps the token of an opened link.
const signupTokenKey = "signup_token"

// emailForm is the form of sign-up and of a forgotten password.
type emailForm struct {
	Email string `form:"email"`
}

// newPasswordForm is the form behind their links.
type newPasswordForm struct {
	Password string `form:"password"`
}

// SignupNew is GET /signup: asks for the email only. A password is chosen behind
// the mailed link: prevents pre-hijacking of another's email.
func SignupNew(c buffalo.Context) error {
	return renderSignup(c, http.StatusOK, "", "")
}

// SignupCreate is POST /signup: mails the link. The answer is the same for a
// free and a taken email.
func SignupCreate(c buffalo.Context) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	normalized, ok := email.Normalize(form.Email)
	if !ok {
		return renderSignup(c, http.StatusUnprocessableEntity, form.Email, T.Translate(c, "email.invalid"))
	}
	err := models.RequestSignup(c, normalized, language(c), clientOf(c))
	if message, ok := rateLimited(c, err); ok {
		return renderSignup(c, http.StatusTooManyRequests, form.Email, message)
	}
	if err != nil {
		return err
	}
	web.Info(c).Event("signup requested")
	return askToCheckMail(c, form.Email, "signup")
}

// SignupShow is GET /signup/{token}, the link: keeps the token in the session
// and redirects, so that it leaves the address bar and the history. It redeems
// nothing: mail scanners follow links.
func SignupShow(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := models.FindSignupEmail(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(signupTokenKey, rawToken)
	return redirect(c, "signupPasswordPath()")
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

// SignupPasswordCreate is POST /signup/password: creates the account and logs in.
func SignupPasswordCreate(c buffalo.Context) error {
	var form newPasswordForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	rawToken, _ := c.Session().Get(signupTokenKey).(string)
	email, err := models.FindSignupEmail(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	password, messageKey := models.CheckPassword(form.Password, email)
	if messageKey != "" {
		return renderSignupPassword(c, http.StatusUnprocessableEntity, email, passwordMessage(c, messageKey))
	}
	session, err := models.CompleteSignup(c, rawToken, password, language(c), clientOf(c))
	if err != nil {
		return deadLink(c, err)
	}
	web.Info(c).Event("account created")
	logIn(c, session)
	c.Flash().Add("success", "signup.done")
	return redirect(c, "rootPath()")
}

func renderSignup(c buffalo.Context, status int, typed, message string) error {
	c.Set("title", "signup.title")
	c.Set("email", shown(typed))
	return renderForm(c, status, "signup/new.plush.html", message)
}

func renderSignupPassword(c buffalo.Context, status int, email, message string) error {
	c.Set("title", "signup.password_title")
	c.Set("email", email)
	return renderForm(c, status, "signup/password.plush.html", message)
}
