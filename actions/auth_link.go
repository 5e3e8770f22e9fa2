package actions

import (
	"cmp"
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// AuthLinkNew is GET /auth/link/{token}, the mailed link for an unknown identity whose
// email has an account: asks the user to log in, then shows the button that links the
// identity. A browser that did not come from the provider has no identity to link, and is
// redirected to the page that was requested at the login.
func AuthLinkNew(c buffalo.Context) error {
	user, _ := c.Value("current_user").(*models.User)
	token, err := user.FindIdentityLink(c, c.Param("token"))
	switch {
	case err != nil:
		return deadLink(c, err)
	case user == nil:
		return askToLogIn(c)
	case user.MustEnrol():
		return askToEnrol(c)
	}
	pending, p := pendingIdentity(c)
	if !pending.IsFor(c.Param("token")) {
		return redirectTo(c, cmp.Or(returnPath(token.Next), "/"))
	}
	c.Set("name", p.Name)
	c.Set("confirmed", currentSession(c).Confirmed())
	c.Set("action", "/auth/link/"+c.Param("token"))
	return renderPage(c, "auth_link.title", "auth_link/new.plush.html")
}

// AuthLinkCreate is POST /auth/link/{token}: adds the identity to the account.
func AuthLinkCreate(c buffalo.Context) error {
	pending, p := pendingIdentity(c)
	err := currentUser(c).AddPendingIdentity(c, c.Param("token"), pending, clientOf(c))
	switch {
	case err == nil, errors.Is(err, models.ErrIdentityTaken):
		c.Session().Delete(pendingKey)
	case !errors.Is(err, models.ErrBadCredentials):
		return deadLink(c, err)
	}
	return respondAdded(c, p, err)
}

// respondAdded redirects to the security page, and says whether the identity was taken.
func respondAdded(c buffalo.Context, p *provider, err error) error {
	kind, key := "success", "provider.linked"
	switch {
	case errors.Is(err, models.ErrIdentityTaken):
		kind, key = "danger", "provider.taken"
		web.Info(c).Event("provider refused")
	case err != nil:
		return changedMeanwhile(c, err)
	default:
		web.Info(c).Event("identity linked")
	}
	c.Flash().Add(kind, T.Translate(c, key, map[string]any{"name": p.Name}))
	return redirect(c, "accountSecurityPath()")
}
