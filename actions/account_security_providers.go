package actions

import (
	"errors"

	"github.com/gobuffalo/buffalo"

	"corral/internal/oidc"
	"corral/models"
)

// AccountSecurityProvidersShow is GET /account/security/providers/{provider}: redirects
// to the provider. AuthCallbackShow links the identity.
func AccountSecurityProvidersShow(c buffalo.Context) error {
	return goToProvider(c, toLink, oidc.NewFlow())
}

// AccountSecurityProvidersDestroy is DELETE /account/security/providers/{provider}.
func AccountSecurityProvidersDestroy(c buffalo.Context) error {
	return withProvider(c, func(p *provider) error {
		err := currentUser(c).RemoveIdentity(c, p.Issuer, clientOf(c))
		if errors.Is(err, models.ErrRefused) {
			return renderSecurity(c, messages{"providers": T.Translate(c, "provider.last_way_in")})
		}
		return securityChanged(c, err, "identity unlinked", T.Translate(c, "provider.unlinked", map[string]any{"name": p.Name}))
	})
}

// userProvider is a provider with the user's identities there.
type userProvider struct {
	ID, Name   string
	Identities []models.Identity
}

// showProviders sets the providers for a page, and whether any has an identity of the user.
func showProviders(c buffalo.Context, user *models.User) error {
	identities, err := models.IdentitiesOf(c, user)
	list, linked := []userProvider{}, false
	for _, p := range providers {
		l := userProvider{ID: p.ID, Name: p.Name}
		for _, i := range identities {
			if i.Issuer == p.Issuer {
				l.Identities, linked = append(l.Identities, i), true
			}
		}
		list = append(list, l)
	}
	c.Set("userProviders", list)
	c.Set("linked", linked)
	return err
}
