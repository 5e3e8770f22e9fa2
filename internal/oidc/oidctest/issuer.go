// Package oidctest is an OpenID Connect provider for tests, on a socket of its own.
//
//	issuer := oidctest.New(t)
//	// … an app with issuer.URL, issuer.ClientID and issuer.ClientSecret
//	issuer.Behave(oidctest.Behaviour{Subject: "bob", Email: "bob@example.com"})
//	// … a browser that follows the issuer's redirects logs in as Bob
//
// The issuer has no login page: its authorization endpoint redirects back at once. It
// is as strict as OpenID Connect Core and RFC 7636, unless a [Behaviour] makes it
// hostile. [Issuer.Hostile] lists the behaviours that every app must refuse.
package oidctest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The paths of an issuer.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	AuthorizePath = "/authorize"
	TokenPath     = "/token"
	KeysPath      = "/keys"

	elsewherePath = "/elsewhere" // may precede these paths: the answers are the same
)

// Issuer is a provider with one client.
type Issuer struct {
	URL          string // the issuer
	ClientID     string
	ClientSecret string

	// The functions passed to New set these.
	Now func() time.Time // the issuer's clock; New sets time.Now
	TLS *tls.Config      // plain http, if nil

	t         testing.TB
	key       *ecdsa.PrivateKey
	mu        sync.Mutex
	behaviour Behaviour
	grants    map[string]grant
	served    map[string]int
}

// Behaviour is what an issuer does. The zero Behaviour is that of an honest issuer.
type Behaviour struct {
	Subject string // the user who logs in; "ada", if ""
	Email   string // the claim email; no claim, if ""
	Error   string // an error such as access_denied, sent instead of a code

	Algorithm  string // of ID tokens: ES256, if ""; HS256 with the client secret; "none"; or AnotherKey
	AuthMethod string // how the client authenticates; client_secret_basic, if ""

	// These change what the issuer sends.
	Discovery func(document map[string]any)
	Answer    func(parameters url.Values) // in the redirect to the app
	Claims    func(claims map[string]any)
	Endpoints map[string]http.HandlerFunc // by path: handlers that replace the issuer's
}

// grant is what the issuer remembers of a code.
type grant struct {
	request   url.Values
	behaviour Behaviour
}

// New starts an issuer on 127.0.0.1, which stops when the test ends. The user who logs
// in is ada, with the email ada@example.com.
func New(t testing.TB, changes ...func(*Issuer)) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{ClientID: "corral", ClientSecret: "a secret: 50% + ü", Now: time.Now, t: t, key: key,
		behaviour: Behaviour{Email: "ada@example.com"}, grants: map[string]grant{}, served: map[string]int{}}
	for _, change := range changes {
		change(i)
	}
	server := httptest.NewUnstartedServer(i)
	if server.TLS = i.TLS; i.TLS != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	i.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections() // ends slow answers, for which Close would wait
		server.Close()
	})
	return i
}

// Behave changes the behaviour of the issuer from the next request on.
func (i *Issuer) Behave(b Behaviour) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.behaviour = b
}

// Served returns the number of requests for a path.
func (i *Issuer) Served(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.served[path]
}

func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.served[r.URL.Path]++
	b := i.behaviour
	i.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if instead := b.Endpoints[r.URL.Path]; instead != nil {
		instead(w, r)
		return
	}
	switch strings.TrimPrefix(r.URL.Path, elsewherePath) {
	case DiscoveryPath:
		i.discovery(w, b)
	case AuthorizePath:
		i.authorize(w, r, b)
	case TokenPath:
		i.token(w, r, b)
	case KeysPath:
		writeJSON(w, http.StatusOK, map[string]any{"keys": i.keys(b)})
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) discovery(w http.ResponseWriter, b Behaviour) {
	document := map[string]any{
		"issuer":                                i.URL,
		"authorization_endpoint":                i.URL + AuthorizePath,
		"token_endpoint":                        i.URL + TokenPath,
		"jwks_uri":                              i.URL + KeysPath,
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"code_challenge_methods_supported":      []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
		"token_endpoint_auth_methods_supported": []string{cmp.Or(b.AuthMethod, "client_secret_basic")},

		"authorization_response_iss_parameter_supported": true,
	}
	if b.Discovery != nil {
		b.Discovery(document)
	}
	writeJSON(w, http.StatusOK, document)
}

func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request, b Behaviour) {
	request := r.URL.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": i.ClientID, "code_challenge_method": "S256", "scope": "openid email"} {
		if request.Get(name) != want {
			http.Error(w, "invalid_request: "+name, http.StatusBadRequest)
			return
		}
	}
	for _, name := range []string{"redirect_uri", "state", "nonce", "code_challenge"} {
		if request.Get(name) == "" {
			http.Error(w, "invalid_request: "+name, http.StatusBadRequest)
			return
		}
	}
	answer := url.Values{"state": request["state"], "iss": {i.URL}}
	if b.Error != "" {
		answer.Set("error", b.Error)
	} else {
		answer.Set("code", rand.Text())
		i.mu.Lock()
		i.grants[answer.Get("code")] = grant{request, b}
		i.mu.Unlock()
	}
	if b.Answer != nil {
		b.Answer(answer)
	}
	http.Redirect(w, r, request.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request, b Behaviour) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if cmp.Or(b.AuthMethod, "client_secret_basic") == "client_secret_basic" {
		id, secret, _ = r.BasicAuth() // form-encoded: RFC 6749, 2.3.1
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	}
	if id != i.ClientID || secret != i.ClientSecret {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	i.mu.Lock()
	g, found := i.grants[r.PostForm.Get("code")]
	delete(i.grants, r.PostForm.Get("code")) // a code works once
	i.mu.Unlock()
	verifier := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !found || r.PostForm.Get("grant_type") != "authorization_code" || r.PostForm.Get("redirect_uri") != g.request.Get("redirect_uri") ||
		encode(verifier[:]) != g.request.Get("code_challenge") {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": i.idToken(g)})
}

func (i *Issuer) idToken(g grant) string {
	now := i.Now().Unix()
	claims := map[string]any{
		"iss": i.URL, "aud": i.ClientID, "sub": cmp.Or(g.behaviour.Subject, "ada"), "nonce": g.request.Get("nonce"), "iat": now, "exp": now + 300,
	}
	if g.behaviour.Email != "" {
		claims["email"] = g.behaviour.Email
	}
	if g.request.Has("max_age") || slices.Contains(strings.Fields(g.request.Get("prompt")), "login") {
		claims["auth_time"] = now // the user logs in to the provider again
	}
	if g.behaviour.Claims != nil {
		g.behaviour.Claims(claims)
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return i.sign(claims, cmp.Or(g.behaviour.Algorithm, "ES256"))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // ignore its error: the client is gone
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
