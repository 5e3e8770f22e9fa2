package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
)

const callback = "https://shop.example/auth/callback"

func newProvider(issuer *oidctest.Issuer, changes ...func(*oidc.Config)) *oidc.Provider {
	c := oidc.Config{Issuer: issuer.URL, ClientID: issuer.ClientID, ClientSecret: issuer.ClientSecret, RedirectURL: callback}
	for _, change := range changes {
		change(&c)
	}
	return oidc.New(c)
}

// browser requests the location at the issuer, and returns the parameters of the
// redirect to the app.
func browser(t *testing.T, location string) url.Values {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(location)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusFound, answer.StatusCode)
	back, err := answer.Location()
	require.NoError(t, err)
	require.Equal(t, callback, back.Scheme+"://"+back.Host+back.Path)
	return back.Query()
}

// begin begins a flow and returns the issuer's answer.
func begin(t *testing.T, p *oidc.Provider, flow oidc.Flow) oidc.Answer {
	t.Helper()
	location, err := p.Begin(t.Context(), flow, "the state")
	require.NoError(t, err)
	query := browser(t, location)
	require.Equal(t, "the state", query.Get("state"))
	return oidc.Answer{Code: query.Get("code"), Iss: query.Get("iss"), Error: query.Get("error")}
}

func logIn(t *testing.T, p *oidc.Provider, flow oidc.Flow) (oidc.Identity, error) {
	t.Helper()
	return p.Finish(t.Context(), flow, begin(t, p, flow))
}

// confirming returns a flow that requires a recent login at the provider.
func confirming() oidc.Flow {
	flow := oidc.NewFlow()
	flow.MaxAge = 5 * time.Minute
	return flow
}

// When the email of a subject changes, the identity stays the same. Another subject with
// the same email is another identity.
func TestProvider_LogsIn(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	require.Zero(t, issuer.Served(oidctest.DiscoveryPath), "the provider is not asked before the first use")
	identity, err := logIn(t, p, oidc.NewFlow())
	require.NoError(t, err)
	require.Equal(t, oidc.Identity{Issuer: issuer.URL, Subject: "ada", Email: "ada@example.com"}, identity)

	issuer.Behave(oidctest.Behaviour{Email: "Ada@New.example "})
	identity, err = logIn(t, p, oidc.NewFlow())
	require.NoError(t, err)
	require.Equal(t, oidc.Identity{Issuer: issuer.URL, Subject: "ada", Email: "Ada@New.example "}, identity, "the email is not normalized")

	issuer.Behave(oidctest.Behaviour{Subject: "mallory", Email: "ada@example.com"})
	identity, err = logIn(t, p, oidc.NewFlow())
	require.NoError(t, err)
	require.Equal(t, "mallory", identity.Subject)

	issuer.Behave(oidctest.Behaviour{})
	identity, err = logIn(t, p, oidc.NewFlow())
	require.NoError(t, err)
	require.Empty(t, identity.Email)
}

func TestProvider_ReturnsAuthTime(t *testing.T) {
	issuer := oidctest.New(t)
	identity, err := logIn(t, newProvider(issuer), confirming())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), identity.AuthTime, time.Minute)
}

func TestProvider_BeginsWithPKCE(t *testing.T) {
	issuer := oidctest.New(t)
	flow := oidc.NewFlow()
	location, err := newProvider(issuer).Begin(t.Context(), flow, "the state")
	require.NoError(t, err)
	u, err := url.Parse(location)
	require.NoError(t, err)
	require.Equal(t, issuer.URL+oidctest.AuthorizePath, u.Scheme+"://"+u.Host+u.Path)
	query := u.Query()
	require.Regexp(t, `^[\w-]{43}$`, query.Get("code_challenge"))
	query.Del("code_challenge")
	require.Equal(t, url.Values{
		"response_type": {"code"}, "client_id": {issuer.ClientID}, "redirect_uri": {callback}, "scope": {"openid email"},
		"state": {"the state"}, "nonce": {flow.Nonce}, "code_challenge_method": {"S256"},
	}, query)
	require.NotContains(t, location, flow.Verifier)

	flow.MaxAge, flow.Prompt = 5*time.Minute, "login"
	location, err = newProvider(issuer).Begin(t.Context(), flow, "the state")
	require.NoError(t, err)
	require.Contains(t, location, "&max_age=300&")
	require.Contains(t, location, "&prompt=login&")
}

func TestFlow_SurvivesJSON(t *testing.T) {
	flow := confirming()
	flow.Prompt = "login"
	encoded, err := json.Marshal(flow)
	require.NoError(t, err)
	var decoded oidc.Flow
	require.NoError(t, json.Unmarshal(encoded, &decoded))
	require.Equal(t, flow, decoded)
	require.NotEqual(t, flow.Verifier, oidc.NewFlow().Verifier)
	require.NotEqual(t, flow.Nonce, oidc.NewFlow().Nonce)
}

// refusals are the errors for the cases of Issuer.Hostile that are not Unavailable.
var refusals = map[string]string{
	"wrong issuer":                     "the ID token is refused: oidc: id token issued by a different provider",
	"wrong audience":                   "the ID token is refused: oidc: expected audience",
	"no audience":                      "the ID token is refused: oidc: expected audience",
	"two audiences without azp":        `the ID token has the azp "" and 2 in aud`,
	"two audiences with a wrong azp":   `the ID token has the azp "another client" and 2 in aud`,
	"wrong azp":                        `the ID token has the azp "another client" and 1 in aud`,
	"wrong nonce":                      "the ID token has another nonce",
	"no nonce":                         "the ID token has another nonce",
	"algorithm none":                   "the ID token is refused: oidc: malformed jwt",
	"HS256 with the client secret":     "the ID token is refused: oidc: malformed jwt",
	"signed with another key":          "the ID token is refused: failed to verify signature",
	"expired":                          "the ID token is refused: oidc: token is expired",
	"no exp":                           "the ID token is refused: oidc: token is expired",
	"issued in the future":             "the ID token has no iat or one in the future",
	"no iat":                           "the ID token has no iat or one in the future",
	"no subject":                       "the ID token has no valid subject",
	"long subject":                     "the ID token has no valid subject",
	"subject that is not UTF-8":        "the ID token has no valid subject",
	"subject with a control character": "the ID token has no valid subject",
	"code of another login":            `the token endpoint answered 400 "invalid_grant"`,
	"not valid yet":                    "before the nbf",
	"no code":                          "the answer has no code",
	"iss of another provider":          `the answer is of issuer "https://attacker.example"`,
	"no iss":                           `the answer is of issuer ""`,
	"error":                            `the provider answered "invalid_scope"`,
	"no auth_time":                     oidc.ErrAuthTime.Error(),
	"old auth_time":                    oidc.ErrAuthTime.Error(),
	"auth_time in the future":          oidc.ErrAuthTime.Error(),
}

func TestProvider_RefusesHostileIssuers(t *testing.T) {
	issuer := oidctest.New(t)
	p, checked := newProvider(issuer), 0
	for _, hostile := range issuer.Hostile() {
		if hostile.Unavailable {
			continue
		}
		checked++
		issuer.Behave(hostile.Behaviour)
		identity, err := logIn(t, p, confirming())
		require.ErrorContains(t, err, refusals[hostile.Name], hostile.Name)
		require.NotErrorIs(t, err, oidc.ErrUnavailable, hostile.Name)
		require.Zero(t, identity, hostile.Name)
		require.Equal(t, refusals[hostile.Name] == oidc.ErrAuthTime.Error(), hostile.Confirming, hostile.Name)
		if hostile.Confirming {
			require.ErrorIs(t, err, oidc.ErrAuthTime)
			_, err = logIn(t, p, oidc.NewFlow())
			require.NoError(t, err, hostile.Name)
		}
	}
	require.Len(t, refusals, checked)
}

// Each case is close to a case of Issuer.Hostile.
func TestProvider_AcceptsWhatIsAllowed(t *testing.T) {
	issuer := oidctest.New(t)
	now := time.Now().Add(-24 * time.Hour).Unix()
	issuer.Now = func() time.Time { return time.Unix(now, 0) }
	p := newProvider(issuer, func(c *oidc.Config) { c.Now = issuer.Now })
	for name, change := range map[string]func(claims map[string]any){
		"two audiences with azp": func(claims map[string]any) {
			claims["aud"], claims["azp"] = []string{"another client", issuer.ClientID}, issuer.ClientID
		},
		"one audience in a list":       func(claims map[string]any) { claims["aud"] = []string{issuer.ClientID} },
		"clock is a minute ahead":      func(claims map[string]any) { claims["iat"], claims["auth_time"] = now+60, now+60 },
		"login nearly ten minutes ago": func(claims map[string]any) { claims["auth_time"] = now - 599 },
		"subject of 255 bytes":         func(claims map[string]any) { claims["sub"] = strings.Repeat("é", 127) + "x" },
	} {
		issuer.Behave(oidctest.Behaviour{Claims: change})
		_, err := logIn(t, p, confirming())
		require.NoError(t, err, name)
	}
}

// Prevents an attacker from using a code that leaked, for example in a log.
func TestProvider_CodeIsForOneFlow(t *testing.T) {
	issuer := oidctest.New(t)
	p, flow := newProvider(issuer), oidc.NewFlow()
	answer := begin(t, p, flow)
	_, err := p.Finish(t.Context(), oidc.NewFlow(), answer)
	require.EqualError(t, err, `the token endpoint answered 400 "invalid_grant"`, "another verifier")

	answer = begin(t, p, flow)
	_, err = p.Finish(t.Context(), flow, answer)
	require.NoError(t, err)
	_, err = p.Finish(t.Context(), flow, answer)
	require.EqualError(t, err, `the token endpoint answered 400 "invalid_grant"`, "a code works once")
}

// A flow with an empty nonce would accept a token without a nonce.
func TestProvider_RefusesAFlowWithoutSecrets(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	for _, flow := range []oidc.Flow{{}, {Verifier: oidc.NewFlow().Verifier}, {Nonce: oidc.NewFlow().Nonce}} {
		_, err := p.Finish(t.Context(), flow, oidc.Answer{Code: "code", Iss: issuer.URL})
		require.EqualError(t, err, "the flow has no secrets")
	}
	require.Zero(t, issuer.Served(oidctest.TokenPath))
}

// A provider must not get another provider's code, which it could redeem there.
func TestProvider_MixUp(t *testing.T) {
	honest, attacker := oidctest.New(t), oidctest.New(t)
	flow := oidc.NewFlow()
	answer := begin(t, newProvider(honest), flow)
	_, err := newProvider(attacker).Finish(t.Context(), flow, answer)
	require.ErrorContains(t, err, "the answer is of issuer")
	require.Zero(t, attacker.Served(oidctest.TokenPath))
}

// An answer without iss is valid, unless the provider's metadata says that it sends iss.
func TestProvider_WithoutIss(t *testing.T) {
	issuer := oidctest.New(t)
	const promise = "authorization_response_iss_parameter_supported"
	b := oidctest.Behaviour{
		Discovery: func(document map[string]any) { delete(document, promise) },
		Answer:    func(parameters url.Values) { parameters.Del("iss") },
	}
	issuer.Behave(b)
	_, err := logIn(t, newProvider(issuer), oidc.NewFlow())
	require.NoError(t, err)
	b.Answer = func(parameters url.Values) { parameters.Set("iss", "https://attacker.example") }
	issuer.Behave(b)
	_, err = logIn(t, newProvider(issuer), oidc.NewFlow())
	require.EqualError(t, err, `the answer is of issuer "https://attacker.example"`)
}

func TestProvider_ErrorAnswers(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	for code, want := range map[string]error{
		"access_denied": oidc.ErrCancelled, "server_error": oidc.ErrUnavailable, "temporarily_unavailable": oidc.ErrUnavailable,
	} {
		issuer.Behave(oidctest.Behaviour{Error: code})
		_, err := logIn(t, p, oidc.NewFlow())
		require.ErrorIs(t, err, want, code)
	}
	_, err := p.Finish(t.Context(), oidc.NewFlow(), oidc.Answer{Error: "access_denied", Iss: "https://attacker.example"})
	require.ErrorContains(t, err, "the answer is of issuer", "the issuer is checked first")
	require.Zero(t, issuer.Served(oidctest.TokenPath))
}

// Prevents a provider from filling the log.
func TestProvider_ErrorsAreShort(t *testing.T) {
	issuer, long := oidctest.New(t), strings.Repeat("x", 1000)
	p := newProvider(issuer)
	for _, b := range []oidctest.Behaviour{
		{Error: long},
		{Answer: func(parameters url.Values) { parameters.Set("iss", long) }},
		{Claims: func(claims map[string]any) { claims["iss"] = long }},
		{Claims: func(claims map[string]any) { claims["azp"] = long }},
		{Claims: func(claims map[string]any) { claims["auth_time"] = long }},
	} {
		issuer.Behave(b)
		_, err := logIn(t, p, oidc.NewFlow())
		require.Error(t, err)
		require.Less(t, len(err.Error()), 400)
	}
}

func TestProvider_ErrorsQuoteNoSecrets(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{oidctest.TokenPath: func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Authorization")+r.PostForm.Encode()+strings.Repeat("x", 1<<20), http.StatusBadRequest)
	}}})
	_, err := logIn(t, newProvider(issuer), oidc.NewFlow())
	require.ErrorIs(t, err, oidc.ErrUnavailable, "the response is too large")

	issuer.Behave(oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{oidctest.TokenPath: func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Authorization")+r.PostForm.Encode(), http.StatusBadRequest)
	}}})
	_, err = logIn(t, newProvider(issuer), oidc.NewFlow())
	require.EqualError(t, err, `the token endpoint answered 400 ""`)

	issuer.Behave(oidctest.Behaviour{Claims: func(claims map[string]any) { claims["iss"] = "https://evil.example" }})
	_, err = logIn(t, newProvider(issuer), oidc.NewFlow())
	require.ErrorContains(t, err, "the ID token is refused")
	require.NotContains(t, err.Error(), "eyJ", "the ID token begins with it")
}

func TestProvider_ClientSecretPost(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(oidctest.Behaviour{AuthMethod: "client_secret_post"})
	_, err := logIn(t, newProvider(issuer), oidc.NewFlow())
	require.NoError(t, err)

	wrong := newProvider(issuer, func(c *oidc.Config) { c.ClientSecret = "wrong" })
	_, err = logIn(t, wrong, oidc.NewFlow())
	require.EqualError(t, err, `the token endpoint answered 401 "invalid_client"`)
	require.Equal(t, 2, issuer.Served(oidctest.TokenPath), "a code is sent once")
}
