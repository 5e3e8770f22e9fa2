package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/email"
	"corral/internal/web"
	"corral/models"
)

// signupTokenKey is the session key of the token of an opened link.
const signupTokenKey = "signup_token"

// SignupNew is GET /signup. It asks for no password: prevents pre-hijacking of
// an email that another user owns.
func SignupNew(c buffalo.Context) error {
	return renderSignup(c, "", "")
}

// SignupCreate is POST /signup: mails a link. Prevents account enumeration: the
// response is the same for a taken email.
func SignupCreate(c buffalo.Context) error {
	var form emailForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	normalized, ok := email.Normalize(form.Email)
	if !ok {
		return renderSignup(c, form.Email, T.Translate(c, "email.invalid"))
	}
	err := models.RequestSignup(c, normalized, language(c), clientOf(c))
	if message, ok := rateLimited(c, err); ok {
		return renderSignup(c, form.Email, message)
	}
	if err != nil {
		return err
	}
	web.Info(c).Event("signup requested")
	return askToCheckMail(c, form.Email, "signup")
}

// SignupShow is GET /signup/{token}, the mailed link. See PasswordResetShow.
func SignupShow(c buffalo.Context) error {
	rawToken := c.Param("token")
	if _, err := models.FindSignupEmail(c, rawToken); err != nil {
		return deadLink(c, err)
	}
	c.Session().Set(signupTokenKey, rawToken)
	return redirect(c, "signupPasswordPath()")
}

func SignupPasswordNew(c buffalo.Context) error {
	rawToken, _ := c.Session().Get(signupTokenKey).(string)
	email, err := models.FindSignupEmail(c, rawToken)
	if err != nil {
		return deadLink(c, err)
	}
	return renderSignupPassword(c, email, "")
}

// SignupPasswordCreate is POST /signup/password: also logs in.
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
		return renderSignupPassword(c, email, passwordMessage(c, messageKey))
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

func renderSignup(c buffalo.Context, typed, message string) error {
	c.Set("title", "signup.title")
	c.Set("email", shown(typed))
	return renderForm(c, "signup/new.plush.html", messages{"email": message})
}

func renderSignupPassword(c buffalo.Context, email, message string) error {
	c.Set("title", "signup.password_title")
	c.Set("email", email)
	return renderForm(c, "signup/password.plush.html", messages{"password": message})
}
