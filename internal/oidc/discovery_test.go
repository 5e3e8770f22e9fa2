package oidc_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/oidc"
	"corral/internal/oidc/oidctest"
)

// instead returns a behaviour in which answer replaces the endpoint at path.
func instead(path string, answer http.HandlerFunc) oidctest.Behaviour {
	return oidctest.Behaviour{Endpoints: map[string]http.HandlerFunc{path: answer}}
}

func TestProvider_UnavailableIssuers(t *testing.T) {
	reasons := map[string]string{"of 10 MB": "the response is too large", "redirects": "the response is 307", "fails": "the response is 503",
		"is slow": "context deadline exceeded", "is silent": "context deadline exceeded"}
	issuer, checked := oidctest.New(t), map[string]bool{}
	for _, hostile := range issuer.Hostile() {
		if !hostile.Unavailable {
			continue
		}
		path, kind, _ := strings.Cut(hostile.Name, " ")
		checked[kind] = true
		issuer.Behave(oidctest.Behaviour{})
		patient := func(c *oidc.Config) { c.Timeout = time.Hour } // the HTTP client's limit; p.Timeout is shorter below
		p, flow := newProvider(issuer, patient), oidc.NewFlow()
		answer := begin(t, p, flow)
		if path == oidctest.DiscoveryPath { // a new provider has no metadata yet
			p = newProvider(issuer, patient)
		}
		if reasons[kind] == "context deadline exceeded" {
			p.Timeout = 50 * time.Millisecond
		}
		issuer.Behave(hostile.Behaviour)
		_, err := p.Finish(t.Context(), flow, answer)
		require.ErrorIs(t, err, oidc.ErrUnavailable, hostile.Name)
		require.ErrorContains(t, err, reasons[kind], hostile.Name)
		require.Less(t, len(err.Error()), 400, hostile.Name)
	}
	require.Len(t, checked, len(reasons))
}

// A response may have 512 KiB.
func TestProvider_LargestResponse(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	require.NoError(t, p.Discover(t.Context()))
	for size, want := range map[int]string{512 << 10: "cannot parse json", 512<<10 + 1: "the response is too large"} {
		issuer.Behave(instead(oidctest.TokenPath, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`"` + strings.Repeat("x", size-2) + `"`))
		}))
		_, err := p.Finish(t.Context(), oidc.NewFlow(), oidc.Answer{Code: "code", Iss: issuer.URL})
		require.ErrorIs(t, err, oidc.ErrUnavailable)
		require.ErrorContains(t, err, want)
	}
}

func TestProvider_LargeHeader(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(instead(oidctest.DiscoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Padding", strings.Repeat("x", 100<<10))
	}))
	require.ErrorContains(t, newProvider(issuer).Discover(t.Context()), "server response headers exceeded 65536 bytes")
}

func TestProvider_FailedDiscoveryIsNotKept(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	issuer.Behave(instead(oidctest.DiscoveryPath, oidctest.Fail))
	_, err := p.Begin(t.Context(), oidc.NewFlow(), "state")
	require.ErrorIs(t, err, oidc.ErrUnavailable)
	issuer.Behave(oidctest.Behaviour{})
	_, err = p.Begin(t.Context(), oidc.NewFlow(), "state")
	require.NoError(t, err)

	down := newProvider(issuer, func(c *oidc.Config) { c.Issuer = "http://127.0.0.1:1" })
	_, err = down.Begin(t.Context(), oidc.NewFlow(), "state")
	require.ErrorIs(t, err, oidc.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
}

// A key that the provider has withdrawn is trusted for at most an hour.
func TestProvider_DiscoversAgainAfterAnHour(t *testing.T) {
	issuer, now := oidctest.New(t), time.Now()
	p := newProvider(issuer, func(c *oidc.Config) { c.Now = func() time.Time { return now } })
	require.NoError(t, p.Discover(t.Context()))
	now = now.Add(time.Hour - time.Second)
	require.NoError(t, p.Discover(t.Context()))
	require.Equal(t, 1, issuer.Served(oidctest.DiscoveryPath))
	now = now.Add(time.Second)
	require.NoError(t, p.Discover(t.Context()))
	require.Equal(t, 2, issuer.Served(oidctest.DiscoveryPath))
}

func TestProvider_ConcurrentUsesShareADiscovery(t *testing.T) {
	issuer := oidctest.New(t)
	p := newProvider(issuer)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := p.Discover(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 1, issuer.Served(oidctest.DiscoveryPath))
}

// The first client disconnects. The second still gets the metadata.
func TestProvider_DiscoverySurvivesADisconnect(t *testing.T) {
	issuer := oidctest.New(t)
	document := discoveryDocument(t, issuer)
	requested, answer := make(chan bool), make(chan bool)
	issuer.Behave(instead(oidctest.DiscoveryPath, func(w http.ResponseWriter, r *http.Request) {
		requested <- true
		<-answer
		write(w, document)
	}))
	p := newProvider(issuer)
	first, disconnect := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.Discover(first) }()
	<-requested
	disconnect()
	require.ErrorIs(t, <-ended, oidc.ErrUnavailable)
	go func() { ended <- p.Discover(context.Background()) }()
	answer <- true
	require.NoError(t, <-ended)
	require.Equal(t, 2, issuer.Served(oidctest.DiscoveryPath), "one by the test, one by the provider")
}

// A caller waits at most p.Timeout, and a request ends after the HTTP client's.
func TestProvider_DiscoveryEnds(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(instead(oidctest.DiscoveryPath, oidctest.Silent))
	p := newProvider(issuer, func(c *oidc.Config) { c.Timeout = time.Hour })
	p.Timeout = 50 * time.Millisecond
	_, err := p.Begin(t.Context(), oidc.NewFlow(), "state")
	require.ErrorIs(t, err, oidc.ErrUnavailable)

	p = newProvider(issuer, func(c *oidc.Config) { c.Timeout = 50 * time.Millisecond })
	require.ErrorIs(t, p.Discover(context.Background()), oidc.ErrUnavailable)
}

func discoveryDocument(t *testing.T, issuer *oidctest.Issuer) (document map[string]any) {
	t.Helper()
	answer, err := http.Get(issuer.URL + oidctest.DiscoveryPath)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&document))
	return document
}

func write(w http.ResponseWriter, document map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

func TestProvider_RefusesDocuments(t *testing.T) {
	issuer := oidctest.New(t)
	for name, test := range map[string]struct {
		change map[string]any
		want   string
	}{
		"another issuer":          {map[string]any{"issuer": "https://attacker.example"}, "did not match the issuer URL returned by provider"},
		"a long issuer":           {map[string]any{"issuer": strings.Repeat("x", 1000)}, "did not match"},
		"a slash more":            {map[string]any{"issuer": issuer.URL + "/"}, "did not match the issuer URL returned by provider"},
		"only HS256 and none":     {map[string]any{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}, "no asymmetric algorithm"},
		"no algorithms":           {map[string]any{"id_token_signing_alg_values_supported": nil}, "no asymmetric algorithm"},
		"no authorization":        {map[string]any{"authorization_endpoint": nil}, `endpoint "" is not https`},
		"authorization by script": {map[string]any{"authorization_endpoint": "javascript:alert(1)"}, `endpoint "javascript:alert(1)" is not https`},
		"tokens by ftp":           {map[string]any{"token_endpoint": "ftp://attacker.example"}, `endpoint "ftp://attacker.example" is not https`},
		"keys from a file":        {map[string]any{"jwks_uri": "file:///keys"}, `endpoint "file:///keys" is not https`},
	} {
		issuer.Behave(oidctest.Behaviour{Discovery: func(document map[string]any) { maps.Copy(document, test.change) }})
		_, err := newProvider(issuer).Begin(t.Context(), oidc.NewFlow(), "state")
		require.ErrorIs(t, err, oidc.ErrUnavailable, name)
		require.ErrorContains(t, err, test.want, name)
		require.Less(t, len(err.Error()), 400, name)
	}
	for name, body := range map[string]string{"HTML": "<!doctype html>", "another type": `{"issuer": 1}`} {
		issuer.Behave(instead(oidctest.DiscoveryPath, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
		require.ErrorIs(t, newProvider(issuer).Discover(t.Context()), oidc.ErrUnavailable, name)
	}
}

// Instead of keys, a provider that is down may send a page. That is not a wrong
// signature.
func TestProvider_KeysAreHTML(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(instead(oidctest.KeysPath, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<!doctype html>")) }))
	_, err := logIn(t, newProvider(issuer), oidc.NewFlow())
	require.ErrorIs(t, err, oidc.ErrUnavailable)
	require.ErrorContains(t, err, "the response is not JSON")
}

// An algorithm that the provider does not list is refused, even if its key is known.
func TestProvider_RefusesAnUnlistedAlgorithm(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Behave(oidctest.Behaviour{Discovery: func(document map[string]any) {
		document["id_token_signing_alg_values_supported"] = []string{"RS256"}
	}})
	_, err := logIn(t, newProvider(issuer), oidc.NewFlow())
	require.ErrorContains(t, err, "the ID token is refused: oidc: malformed jwt")
}
