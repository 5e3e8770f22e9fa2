package env

import (
	"cmp"
	"net/url"
	"strings"
)

// Provider is an OpenID Connect provider that users may log in with.
type Provider struct {
	ID           string // in paths: the prefix in lower case, without underscores
	Prefix       string // of its variables
	Issuer       *url.URL
	ClientID     string
	ClientSecret string
	Name         string // for users; the host of the issuer, if unset
}

// Variables returns the names of the provider's variables, that of the issuer first.
func (p Provider) Variables() []string {
	return []string{p.Prefix + "_ISSUER", p.Prefix + "_CLIENT_ID", p.Prefix + "_CLIENT_SECRET", p.Prefix + "_NAME"}
}

// Providers returns the providers that are set, from the variables PREFIX_ISSUER,
// PREFIX_CLIENT_ID and PREFIX_CLIENT_SECRET, which go together, and PREFIX_NAME. No issuer
// may occur twice: an identity is an issuer and a subject. Outside of production, an issuer
// on this machine may use plain http.
func (e *App) Providers(prefixes ...string) (set []Provider) {
	first := map[string]string{} // prefixes by issuer
	for _, prefix := range prefixes {
		key, secretKey := prefix+"_ISSUER", prefix+"_CLIENT_SECRET"
		p := Provider{
			ID:           strings.ToLower(strings.ReplaceAll(prefix, "_", "")),
			Prefix:       prefix,
			Issuer:       e.Issuer(key, !e.Production()),
			ClientID:     e.Get(prefix+"_CLIENT_ID", ""),
			ClientSecret: e.Secret(secretKey),
			Name:         e.Get(prefix+"_NAME", ""),
		}
		switch {
		case p == Provider{ID: p.ID, Prefix: prefix}, e.Faulty(key), e.Faulty(secretKey):
			continue
		case p.Issuer == nil, p.ClientID == "", p.ClientSecret == "":
			e.Fault(key, "%[1]s_ISSUER, %[1]s_CLIENT_ID and %[1]s_CLIENT_SECRET go together: set all or none", prefix)
			continue
		}
		if other := first[p.Issuer.String()]; other != "" {
			e.Fault(key, "%s=%s is %s_ISSUER, too: name another provider, or none", key, p.Issuer, other)
		}
		first[p.Issuer.String()] = prefix
		p.Name = cmp.Or(p.Name, p.Issuer.Hostname())
		set = append(set, p)
	}
	return set
}
