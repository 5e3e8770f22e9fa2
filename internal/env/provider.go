package env

import (
	"cmp"
	"net/url"
)

// Provider is an OpenID Connect provider that users may log in with.
type Provider struct {
	ID           string // in paths
	Issuer       *url.URL
	ClientID     string
	ClientSecret string
	Name         string // for users; the host of the issuer, if unset
}

// Providers returns the providers of list that are set. prefixes[i] is the prefix of list[i]:
// its variables PREFIX_ISSUER, PREFIX_CLIENT_ID and PREFIX_CLIENT_SECRET go together. No issuer
// may occur twice: an identity is an issuer and a subject.
func (v *Vars) Providers(prefixes []string, list ...Provider) (set []Provider) {
	first := map[string]string{} // prefixes by issuer
	for i, p := range list {
		key := prefixes[i] + "_ISSUER"
		switch {
		case p == Provider{ID: p.ID}, v.Faulty(key), v.Faulty(prefixes[i] + "_CLIENT_SECRET"):
			continue
		case p.Issuer == nil, p.ClientID == "", p.ClientSecret == "":
			v.Fault(key, "%[1]s_ISSUER, %[1]s_CLIENT_ID and %[1]s_CLIENT_SECRET go together: set all or none", prefixes[i])
			continue
		}
		if other := first[p.Issuer.String()]; other != "" {
			v.Fault(key, "%s=%s is %s_ISSUER, too: name another provider, or none", key, p.Issuer, other)
		}
		first[p.Issuer.String()] = prefixes[i]
		p.Name = cmp.Or(p.Name, p.Issuer.Hostname())
		set = append(set, p)
	}
	return set
}
