package actions

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/oidc"
	"corral/internal/web"
	"corral/models"
)

// SudoProviderShow is GET /sudo/{provider}: redirects to the provider for a fresh login.
func SudoProviderShow(c buffalo.Context) error {
	if currentUser(c).SecondStep {
		return c.Error(http.StatusForbidden, errors.New("with the second step on, a provider cannot confirm"))
	}
	flow := oidc.NewFlow()
	flow.MaxAge = 5 * time.Minute // package oidc accepts ten minutes: the user needs time to come back
	return goToProvider(c, toConfirm, flow)
}

func confirmWithIdentity(c buffalo.Context, p *provider, state *oidc.State, identity oidc.Identity) error {
	session := currentSession(c)
	rawToken, err := session.ConfirmWithIdentity(c, identity)
	switch {
	case errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrRefused):
		web.Info(c).Event("provider refused")
		return backFromProvider(c, state, T.Translate(c, "provider.not_linked", map[string]any{"name": p.Name}))
	case err != nil:
		return err
	}
	keepConfirmed(c, session, rawToken)
	return redirectTo(c, cmp.Or(state.Next, "/account"))
}
