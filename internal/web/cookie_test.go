package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func TestCookie(t *testing.T) {
	k := Cookie{Name: "lang", Lifetime: time.Hour}
	app := buffalo.New(buffalo.Options{Env: "test"})
	app.GET("/", func(c buffalo.Context) error {
		k.Set(c, k.Value(c.Request()))
		return nil
	})
	info := &RequestInfo{}
	set := func(sent string) *http.Cookie {
		req := httptest.NewRequest("GET", "/", nil)
		req = req.WithContext(context.WithValue(req.Context(), infoKey{}, info))
		if sent != "" {
			req.AddCookie(&http.Cookie{Name: "lang", Value: sent})
		}
		res := httptest.NewRecorder()
		app.ServeHTTP(res, req)
		for _, cookie := range res.Result().Cookies() {
			if cookie.Name == "lang" {
				return cookie
			}
		}
		return nil
	}
	cookie := set("de")
	require.Equal(t, "de", cookie.Value)
	require.Equal(t, 3600, cookie.MaxAge)
	require.Equal(t, "/", cookie.Path)
	require.True(t, cookie.HttpOnly)
	require.False(t, cookie.Secure, "by http")
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Negative(t, set("").MaxAge, "removed")
	info.Secure = true
	require.True(t, set("de").Secure)
	require.True(t, set("").Secure, "browsers refuse a __Host- cookie without it")
}
