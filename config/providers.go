package config

import (
	"cmp"
	"net/url"
	"slices"

	"corral/internal/env"
)

// Provider is an OpenID Connect provider that users may log in with.
type Provider struct {
	ID           string // in paths: oidc or oidc2
	Issuer       *url.URL
	ClientID     string
	ClientSecret string
	Name         string // for users; the host of the issuer, if unset
}

func providers(e *env.App) []Provider {
	loopback := !e.Production()
	list := slices.Concat(
		provider(e, "OIDC_", Provider{"oidc", e.Issuer("OIDC_ISSUER", loopback), e.Get("OIDC_CLIENT_ID", ""), e.Secret("OIDC_CLIENT_SECRET"), e.Get("OIDC_NAME", "")}),
		provider(e, "OIDC_2_", Provider{"oidc2", e.Issuer("OIDC_2_ISSUER", loopback), e.Get("OIDC_2_CLIENT_ID", ""), e.Secret("OIDC_2_CLIENT_SECRET"), e.Get("OIDC_2_NAME", "")}),
	)
	if len(list) == 2 && list[0].Issuer.String() == list[1].Issuer.String() { // an identity is an issuer and a subject
		e.Fault("OIDC_2_ISSUER", "OIDC_2_ISSUER=%s is OIDC_ISSUER, too: name another provider, or none", list[1].Issuer)
	}
	return list
}

// provider returns p, or nothing if it is not set or faulty.
func provider(e *env.App, prefix string, p Provider) []Provider {
	switch {
	case p == Provider{ID: p.ID}, e.Faulty(prefix + "ISSUER"), e.Faulty(prefix + "CLIENT_SECRET"):
		return nil
	case p.Issuer == nil, p.ClientID == "", p.ClientSecret == "":
		e.Fault(prefix+"ISSUER", "%[1]sISSUER, %[1]sCLIENT_ID and %[1]sCLIENT_SECRET go together: set all or none", prefix)
		return nil
	}
	p.Name = cmp.Or(p.Name, p.Issuer.Hostname())
	return []Provider{p}
}
