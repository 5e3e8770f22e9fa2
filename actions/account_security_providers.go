package actions

import (
	"errors"
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
		if errors.Is(err, models.ErrRefused) {
			return renderSecurity(c, messages{"providers": T.Translate(c, "provider.last_way_in")})
		}
		return securityChanged(c, err, "identity unlinked", T.Translate(c, "provider.unlinked", map[string]any{"name": p.Name}))
	})
}

// setProviders sets the user's identities for a page, and whether any can log in.
func setProviders(c buffalo.Context, user *models.User) error {
	list, err := models.IdentitiesOf(c, user)
	c.Set("identities", list)
	c.Set("linked", slices.ContainsFunc(list, func(i models.Identity) bool { return providers.ByIssuer(i.Issuer) != nil }))
	return err
}
