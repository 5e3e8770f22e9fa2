package actions

import (
	"cmp"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// SignupNew is GET /signup. It asks for no password, so that an attacker cannot set one
// for the email of another user: prevents pre-hijacking.
func SignupNew(c buffalo.Context) error {
	return renderSignup(c, "", "")
}

// SignupCreate is POST /signup: mails a link.
func SignupCreate(c buffalo.Context) error {
	return requestLink(c, models.PurposeSignup, renderSignup)
}

func renderSignup(c buffalo.Context, typed, message string) error {
	c.Set("email", shown(typed))
	return renderForm(c, "signup.title", "signup/new.plush.html", messages{"email": message})
}

var signupLink = linkForm{key: "signup_token", path: "/signup/password", find: models.FindSignup, page: renderSignupPassword}

// SignupShow is GET /signup/{token}, the mailed link: see linkForm.open.
func SignupShow(c buffalo.Context) error {
	link := signupLink
	if pending, _ := pendingIdentity(c); pending.IsFor(c.Param("token")) {
		link.path = "/signup/identity"
	}
	return link.open(c)
}

func SignupPasswordNew(c buffalo.Context) error { return signupLink.show(c) }

// SignupPasswordCreate is POST /signup/password: creates the account and logs in.
func SignupPasswordCreate(c buffalo.Context) error {
	return signupLink.submit(c, func(rawToken string, token *models.Token, password string) error {
		session, err := models.CompleteSignup(c, rawToken, password, language(c), clientOf(c))
		if err != nil {
			return err
		}
		return signupLink.signedUp(c, session, rawToken, token)
	})
}

func (l linkForm) signedUp(c buffalo.Context, session *models.LoggedIn, rawToken string, token *models.Token) error {
	web.Info(c).Event("account created")
	logIn(c, session)
	c.Session().Delete(pendingKey)
	c.Session().Set(l.key, rawToken) // a form that is sent twice is redirected home
	c.Flash().Add("success", "signup.done")
	return redirectTo(c, cmp.Or(token.Next, "/"))
}

func renderSignupPassword(c buffalo.Context, message string) error {
	return renderForm(c, "signup.password_title", "signup/password.plush.html", messages{"password": message})
}
