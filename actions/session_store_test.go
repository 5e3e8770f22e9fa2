package actions

import (
	"encoding/gob"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
)

type basket struct{ Items []string }

func init() { gob.Register(basket{}) }

func roundTrip(t *testing.T, values map[any]any) map[any]any {
	t.Helper()
	b, err := valueSerializer{}.Serialize(values)
	require.NoError(t, err)
	got := map[any]any{}
	require.NoError(t, valueSerializer{}.Deserialize(b, &got))
	return got
}

func TestSerializer_RoundTrip(t *testing.T) {
	values := map[any]any{
		"text": "é\"<>", "empty": "", "bytes": []byte{0, 1, 255}, "number": int64(-42),
		"count": 7, "yes": true, "basket": basket{[]string{"a", "b"}},
	}
	require.Equal(t, values, roundTrip(t, values))
	require.Empty(t, roundTrip(t, map[any]any{}))
}

func TestSerializer_EqualSessionsAlike(t *testing.T) {
	values := map[any]any{"a": "1", "b": "2", "c": "3", "d": "4"}
	first, err := valueSerializer{}.Serialize(values)
	require.NoError(t, err)
	for range 50 {
		again, err := valueSerializer{}.Serialize(map[any]any{"d": "4", "c": "3", "b": "2", "a": "1"})
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestSerializer_Refusals(t *testing.T) {
	_, err := valueSerializer{}.Serialize(map[any]any{"x": struct{ Y int }{1}})
	require.Error(t, err, "not registered with gob")
	_, err = valueSerializer{}.Serialize(map[any]any{1: "x"})
	require.Error(t, err)
	for _, text := range []string{`{"a":""}`, `{"a":"zx"}`, `{"a":"ix"}`, `{"a":"b!"}`, `{"a":"g!"}`, `{"a":"gAAAA"}`, `[]`, `x`} {
		require.Error(t, valueSerializer{}.Deserialize([]byte(text), &map[any]any{}), text)
	}
}

// Buffalo writes an empty flash on every page: that is no reason for a cookie.
func TestSessionStore_EmptyFlashIsNothing(t *testing.T) {
	b, err := valueSerializer{}.Serialize(map[any]any{flashKey: []byte("{}")})
	require.NoError(t, err)
	require.Equal(t, "{}", string(b))
}

func storeOf(t testing.TB) sessionStore {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	return newSessionStore(c)
}

// The fullest session there is fits into what browsers take.
func TestSessionStore_FullestCookie(t *testing.T) {
	store := storeOf(t)
	r := httptest.NewRequest("GET", "/", nil)
	session, err := store.Get(r, "corral")
	require.NoError(t, err)
	long := strings.Repeat("x", 254)
	for key, value := range map[string]any{
		resetTokenKey: strings.Repeat("t", 43), signupTokenKey: strings.Repeat("t", 43),
		mailedToKey: long, mailedForKey: "password_forgot", flashKey: []byte(`{"warning":["` + long + `"]}`),
	} {
		session.Values[key] = value
	}
	session.Values[returnPathKey] = "/" + strings.Repeat("a", maxReturnPath-1)
	w := httptest.NewRecorder()
	require.NoError(t, session.Save(r, w))
	require.Less(t, len(w.Header().Get("Set-Cookie")), 4096)
}

// Whatever a cookie holds, it opens nothing that we did not write.
func FuzzCookie(f *testing.F) {
	store := storeOf(f)
	r := httptest.NewRequest("GET", "/", nil)
	session, _ := store.Get(r, "corral")
	session.Values[tokenKey] = "secret"
	w := httptest.NewRecorder()
	require.NoError(f, session.Save(r, w))
	good := w.Result().Cookies()[0].Value
	f.Add("")
	f.Add("x")
	f.Add(good[len(good)/2:]) // far from what would be good again
	f.Add("MTIzfA==")
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "corral", Value: value})
		session, err := store.Get(r, "corral")
		require.NoError(t, err)
		require.True(t, session.IsNew)
		require.Empty(t, session.Values)
	})
}
