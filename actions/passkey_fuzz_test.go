package actions

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/passkey/passkeytest"
	"corral/models"
)

// A client may send any CBOR instead of the authenticator's. It must be refused, and must
// not cause a server error.
func FuzzPasskeyRoutes(f *testing.F) {
	s := newSite(f)
	models.Clock.Stop()
	ada, a := s.withPasskeyAsSecondStep("ada@example.com")
	require.Equal(f, 200, ada.answers("/sudo/passkey", a.Get(f, ada.options("/sudo/passkey"))).StatusCode) // turning the second step on ended the confirmation
	pending := s.browser()
	pending.logIn("ada@example.com")
	right := a.Get(f, ada.options("/login/passkey"))
	id, state := fieldOf(f, right.Credential, "id"), map[string]string{}
	f.Add(right.State, part(f, right, "authenticatorData"), part(f, right, "signature"), part(f, right, "clientDataJSON"))
	right = passkeytest.New(origin).Create(f, ada.options(passkeysPath))
	f.Add(right.State, part(f, right, "attestationObject"), []byte{}, part(f, right, "clientDataJSON"))
	for _, hostile := range [][]byte{
		append(slices.Repeat([]byte{0x81}, 10_000), 0), // nested arrays
		{0x9a, 0xff, 0xff, 0xff, 0xff}, {0x5b, 0xff},   // lengths that exceed the input
		{0xa2, 0x01, 0x02, 0x01, 0x03}, []byte("\xbf\x61\xff"), // a duplicate key, an unfinished map
	} {
		f.Add("x", hostile, hostile, []byte(`{"type": "webauthn.get"}`))
	}
	cookies := map[string]string{"/login/passkey": "", "/login/second/passkey": pending.sessionCookie(), "/sudo/passkey": ada.sessionCookie(), passkeysPath: ada.sessionCookie()}
	for path := range cookies {
		b := ada
		if path == "/login/second/passkey" {
			b = pending
		}
		state[path] = fieldOf(f, b.options(path), "state")
	}
	f.Fuzz(func(t *testing.T, anyState string, data, signature, client []byte) {
		encoded := base64.RawURLEncoding.EncodeToString
		for path, cookie := range cookies {
			for _, sent := range []string{anyState, state[path]} {
				body, err := json.Marshal(map[string]any{"state": sent, "credential": map[string]any{"id": id, "rawId": id, "type": "public-key", "response": map[string]any{
					"clientDataJSON": encoded(client), "attestationObject": encoded(data), "authenticatorData": encoded(data), "signature": encoded(signature), "userHandle": encoded(data),
				}}})
				require.NoError(t, err)
				w, r := httptest.NewRecorder(), httptest.NewRequest("POST", origin+path, strings.NewReader(string(body)))
				r.Header.Set("Content-Type", "application/json")
				r.AddCookie(&http.Cookie{Name: sessionCookieName, Value: cookie})
				s.Config.Handler.ServeHTTP(w, r)
				require.Less(t, w.Code, 500, path)
				require.NotEqual(t, 401, w.Code, path)
				require.NotEqual(t, 403, w.Code, path)
			}
		}
		// No limit must refuse the next input.
		require.NoError(t, models.DB.RawQuery("DELETE FROM rate_limits").Exec())
		require.NoError(t, models.DB.RawQuery("UPDATE sessions SET failed_confirmations = 0").Exec())
	})
}

func fieldOf(t testing.TB, object []byte, name string) string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(object, &fields))
	return fields[name].(string)
}

func part(t testing.TB, answer passkeytest.Answer, name string) []byte {
	t.Helper()
	var credential struct{ Response map[string]any }
	require.NoError(t, json.Unmarshal(answer.Credential, &credential))
	decoded, err := base64.RawURLEncoding.DecodeString(credential.Response[name].(string))
	require.NoError(t, err)
	return decoded
}
