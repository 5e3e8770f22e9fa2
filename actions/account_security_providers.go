package actions

import (
	"slices"

	"github.com/gobuffalo/buffalo"

	"corral/internal/oidc"
	"corral/models"
)

// AccountSecurityProvidersShow is GET /account/security/providers/{provider}: redirects
// to the provider. AuthCallbackShow links the identity.
func AccountSecurityProvidersShow(c buffalo.Context) error {
	return goToProvider(c, toLink, oidc.NewFlow())
}

func AccountSecurityProvidersDestroy(c buffalo.Context) error {
	return withProvider(c, func(p *provider) error {
		err := currentUser(c).RemoveIdentity(c, p.Issuer, clientOf(c))
		unlinked := T.Translate(c, "provider.unlinked", map[string]any{"name": p.Name})
		return securityChanged(c, err, "identity unlinked", unlinked, messages{"providers": T.Translate(c, "provider.last_way_in")})
	})
}

// setProviders sets the user's identities for a page, and whether any can log in.
func setProviders(c buffalo.Context, user *models.User) error {
	list, err := models.IdentitiesOf(c, user)
	c.Set("identities", list)
	c.Set("linked", slices.ContainsFunc(list, func(i models.Identity) bool { return providers.ByIssuer(i.Issuer) != nil }))
	return err
}
