package cookiestore

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/sessions"
	"github.com/stretchr/testify/require"
)

func TestStore_FullSessionFits(t *testing.T) {
	longEmail := strings.Repeat("x", 254) // as long as an email can be
	cookie := saved(t, newStore(), nil, func(s *sessions.Session) {
		s.Values["reset_token"], s.Values["signup_token"] = strings.Repeat("t", 43), strings.Repeat("t", 43)
		s.Values["mailed_to"], s.Values["mailed_for"] = longEmail, "password_forgot"
		s.Values["path"] = "/" + strings.Repeat("a", 1023)
		s.Values[flashKey] = []byte(`{"warning":["` + longEmail + `"]}`)
	})
	require.Less(t, len(cookie.Raw), 4096)
}

func TestStore_TooLargeSessionKeepsTheCookie(t *testing.T) {
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	session, err := newStore().Get(r, "app")
	require.NoError(t, err)
	session.Values["token"], session.Values["basket"] = "one", strings.Repeat("x", 3000)
	flash := []byte(`{"info":["x"]}`)
	session.Values[flashKey] = flash
	require.EqualError(t, session.Save(r, w), "the session does not fit into a cookie: it takes 5508 bytes of 4095, and the largest value, basket, has 3000")
	require.Empty(t, w.Header())
	require.Equal(t, flash, session.Values[flashKey])

	session.Values["basket"] = "fits"
	require.NoError(t, session.Save(r, w))
	require.Len(t, w.Result().Cookies(), 1)
}

// Save writes no such cookie.
func TestStore_TooLargeCookieIsIgnored(t *testing.T) {
	store := newStore()
	for size, read := range map[int]bool{1000: true, 3000: false} {
		value, err := store.codecs[0].Encode("app", fmt.Appendf(nil, `{"token":"s%s"}`, strings.Repeat("t", size)))
		require.NoError(t, err)
		saved(t, store, &http.Cookie{Name: "app", Value: value}, func(s *sessions.Session) {
			require.Equal(t, !read, s.IsNew, "%d bytes", len(value))
		})
	}
}

func TestStore_OldestFlashIsDropped(t *testing.T) {
	flash := map[string][]string{"warning": {"the only one"}}
	for n := range 10_000 {
		flash["info"] = append(flash["info"], fmt.Sprintf("message %d", n))
	}
	text, err := json.Marshal(flash)
	require.NoError(t, err)
	store := newStore()
	cookie := saved(t, store, nil, func(s *sessions.Session) {
		s.Values["token"], s.Values[flashKey] = "one", text
	})
	require.Less(t, len(cookie.Raw), 4096)
	require.Greater(t, len(cookie.Raw), 4000, "no more than necessary")
	saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, "one", s.Values["token"])
		var kept map[string][]string
		require.NoError(t, json.Unmarshal(s.Values[flashKey].([]byte), &kept))
		require.Equal(t, flash["warning"], kept["warning"])
		require.Equal(t, flash["info"][10_000-len(kept["info"]):], kept["info"])
		require.NotEmpty(t, kept["info"])
	})
}

func TestStore_HugeFlashMessageIsDropped(t *testing.T) {
	store := newStore()
	cookie := saved(t, store, nil, func(s *sessions.Session) {
		s.Values["token"], s.Values[flashKey] = "one", []byte(`{"info":["`+strings.Repeat("x", 4000)+`"]}`)
	})
	saved(t, store, cookie, func(s *sessions.Session) {
		require.Equal(t, map[any]any{"token": "one"}, s.Values)
	})
}
