package actions

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/sessions"
	"github.com/stretchr/testify/require"

	"corral/config"
)

type basket struct{ Items []string }

func init() { gob.Register(basket{}) }

func roundTrip(t *testing.T, values map[any]any) map[any]any {
	t.Helper()
	b, err := valueSerializer{}.Serialize(values)
	require.NoError(t, err)
	var got readSession
	require.NoError(t, valueSerializer{}.Deserialize(b, &got))
	return got.values
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
	require.NoError(t, valueSerializer{}.Deserialize([]byte("\x01a\x02sx"), &readSession{}))
	for _, text := range []string{
		"\x01", "\x01a", "\x02a", "\x01a\x00", "\x01a\x03sx", "\x01a\x02sx\x01", "\x80", strings.Repeat("\xff", 20), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
		"\x01a\x02zx", "\x01a\x02ix", "\x01a\x02g!", `{"a":"sx"}`,
	} {
		require.Error(t, valueSerializer{}.Deserialize([]byte(text), &readSession{}), "%q", text)
	}
}

// A basket that this release no longer knows, or a letter of a later one, is
// an error and no panic.
func TestSerializer_UnknownTypes(t *testing.T) {
	var b bytes.Buffer
	var value any = basket{[]string{"a"}}
	require.NoError(t, gob.NewEncoder(&b).Encode(&value))
	unknown := bytes.ReplaceAll(b.Bytes(), []byte("actions.basket"), []byte("actions.bucket"))
	for _, text := range []string{"g" + string(unknown), "B", "I1", "f1.5", "\x00", "é", " s"} {
		_, err := parseValue(text)
		require.Error(t, err, "%q", text)
	}
}

func storeOf(t testing.TB) sessionStore {
	t.Helper()
	c, err := config.Current()
	require.NoError(t, err)
	return newSessionStore(c)
}

// saved opens a session with cookie (nil for none), changes it, and returns the cookie that is set, or nil.
func saved(t testing.TB, store sessionStore, cookie *http.Cookie, change func(*sessions.Session)) *http.Cookie {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	session, err := store.Get(r, "corral")
	require.NoError(t, err)
	change(session)
	w := httptest.NewRecorder()
	require.NoError(t, session.Save(r, w))
	if set := w.Result().Cookies(); len(set) > 0 {
		return set[0]
	}
	return nil
}

func put(key string, value any) func(*sessions.Session) {
	return func(s *sessions.Session) { s.Values[key] = value }
}

// Buffalo writes an empty flash on every page: that is no reason for a cookie.
func TestSessionStore_EmptyFlashIsNothing(t *testing.T) {
	store := storeOf(t)
	require.Nil(t, saved(t, store, nil, put(flashKey, []byte("{}"))))
	filled := saved(t, store, nil, put(flashKey, []byte(`{"info":["x"]}`)))
	require.NotNil(t, filled)
	gone := saved(t, store, filled, put(flashKey, []byte("{}")))
	require.Negative(t, gone.MaxAge, "nothing is left: the cookie is taken back")
	require.Empty(t, gone.Value)
	require.Nil(t, saved(t, store, nil, put(flashKey, []byte("{}"))))
}

func TestSessionStore_SetsACookieOnlyAfterAChange(t *testing.T) {
	store := storeOf(t)
	cookie := saved(t, store, nil, put(tokenKey, "one"))
	require.NotNil(t, cookie)
	require.Nil(t, saved(t, store, cookie, put(tokenKey, "one")), "the same value")
	require.NotNil(t, saved(t, store, cookie, put(tokenKey, "two")))
	require.Nil(t, saved(t, store, cookie, func(*sessions.Session) {}))
}

// A value that cannot be written is the programmer's error, and loud. It must
// not pass for an empty session, which would sign the person out.
func TestSessionStore_UnwritableValue(t *testing.T) {
	store := storeOf(t)
	cookie := saved(t, store, nil, put(tokenKey, "one"))
	for _, had := range []*http.Cookie{cookie, {Name: "corral"}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(had)
		session, err := store.Get(r, "corral")
		require.NoError(t, err)
		session.Values["x"] = struct{ Y int }{1}
		w := httptest.NewRecorder()
		require.ErrorContains(t, session.Save(r, w), "session value x")
		require.Empty(t, w.Result().Cookies())
	}
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

// The row decides how old a cookie may be: gorilla's own limit of 30 days is
// off, and REMEMBER_LIFETIME may be longer.
func TestSessionStore_OldCookieIsJudgedByItsRow(t *testing.T) {
	store := storeOf(t)
	cookie := saved(t, store, nil, put(tokenKey, "one"))
	sealed, err := base64.URLEncoding.DecodeString(cookie.Value)
	require.NoError(t, err)
	parts := bytes.SplitN(sealed, []byte("|"), 3) // date, value, MAC
	parts[0] = []byte("1000000000")               // in 2001
	c, err := config.Current()
	require.NoError(t, err)
	mac := hmac.New(sha256.New, cookieKeys(c.SessionSecrets)[0])
	fmt.Fprintf(mac, "corral|%s|%s", parts[0], parts[1])
	parts[2] = mac.Sum(nil)
	cookie.Value = base64.URLEncoding.EncodeToString(bytes.Join(parts, []byte("|")))
	saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, "one", s.Values[tokenKey])
	})
}
