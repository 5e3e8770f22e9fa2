package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/models"
)

// SignupIdentityNew is GET /signup/identity: shows the button that creates the account.
// In a browser without the pending identity, the user chooses a password instead.
func SignupIdentityNew(c buffalo.Context) error {
	rawToken, _, err := signupLink.opened(c)
	if err != nil {
		return deadLink(c, err)
	}
	pending, p := pendingIdentity(c)
	if !pending.IsFor(rawToken) {
		return redirect(c, "signupPasswordPath()")
	}
	c.Set("name", p.Name)
	return renderPage(c, "signup.identity_title", "signup/identity.plush.html")
}

// SignupIdentityCreate is POST /signup/identity: creates the account without a password
// and logs in.
func SignupIdentityCreate(c buffalo.Context) error {
	return signupLink.submitForm(c, func(_ newPasswordForm, rawToken string, token *models.Token) error {
		pending, p := pendingIdentity(c)
		session, err := models.CompleteSignupWithIdentity(c, rawToken, pending, language(c), clientOf(c))
		if errors.Is(err, models.ErrIdentityTaken) { // the user may still choose a password
			c.Session().Delete(pendingKey)
			c.Flash().Add("danger", T.Translate(c, "provider.taken", map[string]any{"name": p.Name}))
			return redirect(c, "signupPasswordPath()")
		}
		if err != nil {
			return err
		}
		return signupLink.signedUp(c, session, rawToken, token)
	})
}
