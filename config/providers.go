package config

import "corral/internal/env"

// Provider is an OpenID Connect provider that users may log in with.
type Provider = env.Provider

func providers(e *env.App) []Provider {
	loopback := !e.Production()
	return e.Providers([]string{"OIDC", "OIDC_2"},
		Provider{ID: "oidc", Issuer: e.Issuer("OIDC_ISSUER", loopback), ClientID: e.Get("OIDC_CLIENT_ID", ""), ClientSecret: e.Secret("OIDC_CLIENT_SECRET"), Name: e.Get("OIDC_NAME", "")},
		Provider{ID: "oidc2", Issuer: e.Issuer("OIDC_2_ISSUER", loopback), ClientID: e.Get("OIDC_2_CLIENT_ID", ""), ClientSecret: e.Secret("OIDC_2_CLIENT_SECRET"), Name: e.Get("OIDC_2_NAME", "")})
}
