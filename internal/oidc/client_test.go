package oidc

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A proxy from the environment could read codes. This test looks at the field, because
// net/http never uses a proxy for the loopback IPs of tests.
func TestClient_UsesNoProxy(t *testing.T) {
	require.Nil(t, newClient(time.Second).Transport.(*transport).base.Proxy)
	require.NotNil(t, http.DefaultTransport.(*http.Transport).Proxy)
}

// Prevents sending the client secret unencrypted.
func TestProvider_EndpointsAreHTTPS(t *testing.T) {
	secure, plain := New(Config{Issuer: "https://accounts.example.com"}), New(Config{Issuer: "http://127.0.0.1:8080"})
	require.NoError(t, secure.checkEndpoint("https://tokens.example.com/token"))
	require.EqualError(t, secure.checkEndpoint("http://accounts.example.com/token"), `the provider's endpoint "http://accounts.example.com/token" is not https`)
	require.NoError(t, plain.checkEndpoint("http://127.0.0.1:8080/token"))
	require.NoError(t, plain.checkEndpoint("https://tokens.example.com/token"))
}

func TestNew_TimeoutIsTenSeconds(t *testing.T) {
	p := New(Config{})
	require.Equal(t, 10*time.Second, p.Timeout)
	require.Equal(t, 10*time.Second, p.client.Transport.(*transport).timeout)
}
