package oidctest

import (
	"net/http"
	"net/url"
	"strings"
)

// Case is a behaviour of the issuer for which the app must not log a user in.
type Case struct {
	Name string
	Behaviour
	Unavailable bool // Finish must return ErrUnavailable
	Confirming  bool // only a login with max_age must fail
}

// Hostile returns the attacks of a malicious provider, of another client of the provider,
// and of another provider.
func (i *Issuer) Hostile() []Case {
	now := i.Now().Unix()
	claim := func(key string, value any) Behaviour {
		return Behaviour{Email: "ada@example.com", Claims: func(claims map[string]any) { claims[key] = value }}
	}
	signedWith := func(algorithm string) Behaviour { return Behaviour{Email: "ada@example.com", Algorithm: algorithm} }
	answer := func(change func(url.Values)) Behaviour {
		return Behaviour{Email: "ada@example.com", Answer: change}
	}
	endpoint := func(path string, instead http.HandlerFunc) Behaviour {
		return Behaviour{Email: "ada@example.com", Endpoints: map[string]http.HandlerFunc{path: instead}}
	}
	cases := []Case{
		{Name: "wrong issuer", Behaviour: claim("iss", "https://attacker.example")},
		{Name: "wrong audience", Behaviour: claim("aud", "another client")},
		{Name: "no audience", Behaviour: claim("aud", nil)},
		{Name: "two audiences without azp", Behaviour: claim("aud", []string{i.ClientID, "another client"})},
		{Name: "two audiences with a wrong azp", Behaviour: Behaviour{Claims: func(claims map[string]any) {
			claims["aud"], claims["azp"] = []string{i.ClientID, "another client"}, "another client"
		}}},
		{Name: "wrong azp", Behaviour: claim("azp", "another client")},
		{Name: "wrong nonce", Behaviour: claim("nonce", "of another login")},
		{Name: "no nonce", Behaviour: claim("nonce", nil)},
		{Name: "algorithm none", Behaviour: signedWith("none")},
		{Name: "HS256 with the client secret", Behaviour: signedWith("HS256")},
		{Name: "signed with another key", Behaviour: signedWith(AnotherKey)},
		{Name: "expired", Behaviour: claim("exp", now-1)},
		{Name: "no exp", Behaviour: claim("exp", nil)},
		{Name: "issued in the future", Behaviour: claim("iat", now+120)},
		{Name: "not valid yet", Behaviour: claim("nbf", now+3600)},
		{Name: "no iat", Behaviour: claim("iat", nil)},
		{Name: "no subject", Behaviour: claim("sub", nil)},
		{Name: "long subject", Behaviour: claim("sub", strings.Repeat("x", 256))},
		{Name: "subject with a control character", Behaviour: claim("sub", "ada\x00")},
		{Name: "subject that is not UTF-8", Behaviour: claim("sub", "ada\xff")},
		{Name: "code of another login", Behaviour: answer(func(a url.Values) { a.Set("code", "replayed") })},
		{Name: "no code", Behaviour: answer(func(a url.Values) { a.Del("code") })},
		{Name: "iss of another provider", Behaviour: answer(func(a url.Values) { a.Set("iss", "https://attacker.example") })},
		{Name: "no iss", Behaviour: answer(func(a url.Values) { a.Del("iss") })},
		{Name: "error", Behaviour: Behaviour{Error: "invalid_scope"}},
		{Name: "no auth_time", Behaviour: claim("auth_time", nil), Confirming: true},
		{Name: "old auth_time", Behaviour: claim("auth_time", now-600), Confirming: true},
		{Name: "auth_time in the future", Behaviour: claim("auth_time", now+120), Confirming: true},
	}
	for _, path := range []string{DiscoveryPath, TokenPath, KeysPath} {
		cases = append(cases,
			Case{Name: path + " of 10 MB", Behaviour: endpoint(path, huge), Unavailable: true},
			Case{Name: path + " redirects", Behaviour: endpoint(path, elsewhere), Unavailable: true},
			Case{Name: path + " fails", Behaviour: endpoint(path, Fail), Unavailable: true},
			Case{Name: path + " is slow", Behaviour: endpoint(path, Slow), Unavailable: true},
			Case{Name: path + " is silent", Behaviour: endpoint(path, Silent), Unavailable: true},
		)
	}
	return cases
}

// huge answers with 10 MB of JSON.
func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"padding": "` + strings.Repeat("x", 10<<20) + `"}`))
}

// elsewhere redirects to a path that gives the same answer.
func elsewhere(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, elsewherePath+r.URL.Path, http.StatusTemporaryRedirect)
}

// Fail answers 503.
func Fail(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusServiceUnavailable)
}

// Slow begins an answer that never ends.
func Slow(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte("{"))
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// Silent never answers.
func Silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
