// Package oidctest is an OpenID Connect provider for tests, on a socket of its own.
//
//	issuer := oidctest.New(t)
//	// … an app with issuer.URL, issuer.ClientID and issuer.ClientSecret
//	issuer.Behave(oidctest.Behaviour{Subject: "bob", Email: "bob@example.com"})
//	// … a browser that follows its redirects is Bob
//
// It asks for nothing: its authorization endpoint redirects back at once. It is as
// strict as OpenID Connect Core and RFC 7636, unless a [Behaviour] makes it hostile;
// [Issuer.Hostile] lists those that every app has to refuse.
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

	elsewherePath = "/elsewhere" // before each of these: the same
)

// Issuer is a provider with one client.
type Issuer struct {
	URL          string // the issuer
	ClientID     string
	ClientSecret string

	// Set by changes of New.
	Now func() time.Time // of its tokens; time.Now, if nil
	TLS *tls.Config      // nil is plain http

	t         testing.TB
	key       *ecdsa.PrivateKey
	mu        sync.Mutex
	behaviour Behaviour
	grants    map[string]grant
	served    map[string]int
}

// Behaviour is what an issuer does. It is honest as far as its fields are zero.
type Behaviour struct {
	Subject string // who logs in; "ada", if ""
	Email   string // the claim; "" leaves it out
	Error   string // the answer instead of a code, such as access_denied

	Algorithm  string // of ID tokens: HS256 with the client secret, or none
	AuthMethod string // of the client; client_secret_basic, if ""

	Discovery func(document map[string]any)
	Answer    func(parameters url.Values) // of the redirect back
	Claims    func(claims map[string]any)
	Endpoints map[string]http.HandlerFunc // by path: answer in place of the issuer's own
}

// grant is what a code is for.
type grant struct {
	request   url.Values
	behaviour Behaviour
}

// New starts an issuer on 127.0.0.1 until the end of the test. Ada, who is
// ada@example.com, logs in.
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
		server.CloseClientConnections() // ends what is slow
		server.Close()
	})
	return i
}

// Behave changes the behaviour in later logins.
func (i *Issuer) Behave(b Behaviour) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.behaviour = b
}

// Served returns how many requests for a path there were.
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
	delete(i.grants, r.PostForm.Get("code")) // good once
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
		claims["auth_time"] = now // who has to log in to the provider again does so
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
