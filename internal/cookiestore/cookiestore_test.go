package cookiestore

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/sessions"
	"github.com/stretchr/testify/require"
)

var keys = [][]byte{bytes.Repeat([]byte("a"), 32), bytes.Repeat([]byte("e"), 32)}

func newStore() *Store { return New(Options{Keys: keys}) }

// saved changes the session of a cookie, or a new session if cookie is nil, and saves
// it. It returns the cookie that Save sets, or nil.
func saved(t testing.TB, store *Store, cookie *http.Cookie, change func(*sessions.Session)) *http.Cookie {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	session, err := store.Get(r, "app")
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

func nothing(*sessions.Session) {}

// Buffalo writes an empty flash on every page.
func TestStore_EmptyFlashSetsNoCookie(t *testing.T) {
	store := New(Options{Keys: keys, Secure: true})
	require.Nil(t, saved(t, store, nil, put(flashKey, []byte("{}"))))
	filled := saved(t, store, nil, put(flashKey, []byte(`{"info":["x"]}`)))
	require.NotNil(t, filled)
	removal := saved(t, store, filled, put(flashKey, []byte("{}")))
	require.Negative(t, removal.MaxAge, "nothing is left: the cookie is removed")
	require.Empty(t, removal.Value)
	require.True(t, removal.Secure, "browsers refuse a __Host- cookie without it")
	require.True(t, removal.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, removal.SameSite)
}

func TestStore_SetsACookieOnlyAfterAChange(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, put("token", "one"))
	require.NotNil(t, cookie)
	require.Nil(t, saved(t, store, cookie, put("token", "one")), "the same value")
	require.NotNil(t, saved(t, store, cookie, put("token", "two")))
	require.Nil(t, saved(t, store, cookie, nothing))
}

func TestStore_NoticesChangesInPlace(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, put("basket", &basket{[]string{"a"}}))
	require.Nil(t, saved(t, store, cookie, nothing))
	cookie = saved(t, store, cookie, func(s *sessions.Session) {
		s.Values["basket"].(*basket).Items[0] = "b"
	})
	require.NotNil(t, cookie)
	saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, &basket{[]string{"b"}}, s.Values["basket"])
	})
}

func TestStore_SetsACookieForEachChange(t *testing.T) {
	store := newStore()
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	session, _ := store.Get(r, "app")
	for _, value := range []string{"one", "one", "two"} {
		session.Values["token"] = value
		require.NoError(t, session.Save(r, w))
	}
	require.Len(t, w.Result().Cookies(), 2)
	saved(t, store, w.Result().Cookies()[1], func(s *sessions.Session) { require.Equal(t, "two", s.Values["token"]) })
}

func TestStore_GetReturnsTheSameSession(t *testing.T) {
	store, r := newStore(), httptest.NewRequest("GET", "/", nil)
	one, err := store.Get(r, "app")
	require.NoError(t, err)
	again, err := store.Get(r, "app")
	require.NoError(t, err)
	require.Same(t, one, again)
}

func TestStore_Attributes(t *testing.T) {
	cookie := saved(t, New(Options{Keys: keys, Secure: true}), nil, put("token", "one"))
	require.True(t, cookie.Secure)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Zero(t, cookie.MaxAge)
	require.False(t, saved(t, newStore(), nil, put("token", "one")).Secure)
}

func TestStore_Expires(t *testing.T) {
	now := time.Unix(1_800_000_000, 500_000_000)
	store := New(Options{Keys: keys, ExpiresKey: "expires", Now: func() time.Time { return now }})
	require.Zero(t, saved(t, store, nil, put("token", "one")).MaxAge)
	cookie := saved(t, store, nil, put("expires", now.Unix()+60))
	require.Equal(t, 60, cookie.MaxAge, "59.5 seconds, rounded up")
	removal := saved(t, store, cookie, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	require.Negative(t, removal.MaxAge, "gorilla's way to remove a session")
	require.Empty(t, removal.Value)
}

func TestStore_EncryptsValues(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, put("token", "legible"))
	text, err := base64.URLEncoding.DecodeString(cookie.Value)
	require.NoError(t, err)
	inner, err := base64.URLEncoding.DecodeString(string(bytes.Split(text, []byte("|"))[1]))
	require.NoError(t, err)
	for _, text := range []string{cookie.Value, string(text), string(inner)} {
		require.NotContains(t, text, "legible")
	}
	saved(t, store, cookie, func(s *sessions.Session) {
		require.NotEmpty(t, s.ID)
		require.NotContains(t, s.ID, "legible")
	})
}

func TestStore_ReadsCookiesOfOlderKeys(t *testing.T) {
	var refused int
	fresh := [][]byte{bytes.Repeat([]byte("b"), 32), bytes.Repeat([]byte("f"), 32)}
	options := Options{Keys: append(fresh[:2:2], keys...), OnRefused: func(*http.Request) { refused++ }}
	original := saved(t, newStore(), nil, put("token", "one"))
	renewed := saved(t, New(options), original, func(s *sessions.Session) { require.Equal(t, "one", s.Values["token"]) })
	require.NotNil(t, renewed, "written again, with unchanged values")
	require.Nil(t, saved(t, New(options), renewed, nothing), "not once more")
	options.Keys = fresh
	saved(t, New(options), renewed, func(s *sessions.Session) {
		require.Equal(t, "one", s.Values["token"], "the first pair wrote the cookie")
		require.False(t, s.IsNew)
	})
	require.Zero(t, refused)
	saved(t, New(options), original, func(s *sessions.Session) {
		require.Empty(t, s.Values)
		require.True(t, s.IsNew)
	})
	require.Equal(t, 1, refused)
	saved(t, New(options), nil, nothing)
	require.Equal(t, 1, refused, "a request without a cookie is not refused")
}

// An empty cookie would log the user out.
func TestStore_UnwritableValueKeepsTheSession(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, put("token", "one"))
	for _, sent := range []*http.Cookie{cookie, {Name: "app"}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(sent)
		session, err := store.Get(r, "app")
		require.NoError(t, err)
		session.Values["x"] = struct{ Y int }{1}
		w := httptest.NewRecorder()
		require.ErrorContains(t, session.Save(r, w), "session value x")
		require.Empty(t, w.Result().Cookies())
	}
}

// Encryption alone would let a client change values.
func TestStore_EveryByteIsAuthenticated(t *testing.T) {
	store := newStore()
	good, err := base64.URLEncoding.DecodeString(saved(t, store, nil, put("token", "secret")).Value)
	require.NoError(t, err)
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "app", Value: base64.URLEncoding.EncodeToString(changed)})
		session, err := store.Get(r, "app")
		require.NoError(t, err)
		require.Empty(t, session.Values, "byte %d", i)
	}
}

func FuzzCookie(f *testing.F) {
	store := newStore()
	good := saved(f, store, nil, put("token", "secret")).Value
	f.Add("")
	f.Add("x")
	f.Add(good[len(good)/2:])
	f.Add("MTIzfA==")
	const forged = `{"token":"sforged"}` // a session in the form that decode reads
	f.Add(base64.URLEncoding.EncodeToString([]byte(forged)))
	f.Add(base64.URLEncoding.EncodeToString([]byte("1700000000|" + forged + "|" + strings.Repeat("x", 32))))
	f.Add(strings.Repeat("x", 10_000))
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "app", Value: value})
		session, err := store.Get(r, "app")
		require.NoError(t, err)
		require.True(t, session.IsNew)
		require.Empty(t, session.Values)
	})
}

// By default, gorilla refuses cookies that are older than 30 days.
func TestStore_OldCookieIsRead(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, put("token", "one"))
	sealed, err := base64.URLEncoding.DecodeString(cookie.Value)
	require.NoError(t, err)
	parts := bytes.SplitN(sealed, []byte("|"), 3) // date, value, MAC
	parts[0] = []byte("1000000000")               // in 2001
	mac := hmac.New(sha256.New, keys[0])
	fmt.Fprintf(mac, "app|%s|%s", parts[0], parts[1])
	parts[2] = mac.Sum(nil)
	cookie.Value = base64.URLEncoding.EncodeToString(bytes.Join(parts, []byte("|")))
	saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, "one", s.Values["token"])
	})
}

// BenchmarkStore saves an unchanged session, as every page does.
func BenchmarkStore(b *testing.B) {
	store := newStore()
	cookie := saved(b, store, nil, put("token", strings.Repeat("t", 80)))
	for b.Loop() {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.AddCookie(cookie)
		session, _ := store.Get(r, "app")
		session.Values[flashKey] = []byte("{}")
		if err := session.Save(r, w); err != nil {
			b.Fatal(err)
		}
	}
}

func TestStore_ReadOnlyRequest(t *testing.T) {
	store := New(Options{Keys: keys, ReadOnly: func(r *http.Request) bool { return true }})
	require.Nil(t, saved(t, store, nil, put("key", "value")))
	cookie := saved(t, newStore(), nil, func(s *sessions.Session) {
		s.Values["key"], s.Values[flashKey] = "value", []byte(`{"info":["x"]}`)
	})
	require.Nil(t, saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, map[any]any{"key": "value"}, s.Values, "without the flash")
		s.Values["key"] = "other"
	}))
}
