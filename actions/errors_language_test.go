package actions

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

func TestErrors_AreInTheChosenLanguage(t *testing.T) {
	modelstest.Empty(t)
	s := behindProxy(t)
	names := T.Names()
	accepted, chosen := names[len(names)-1], names[len(names)/2]
	const form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n"
	for request, status := range map[string]int{
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + form + "%s\r\nemail=%%zz":                              400,
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n" + form + "%s\r\nemail=ada": 403,
		"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                   404,
		"GET /assets/x HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                  404,
		"GET /password/reset/x HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                          404,
		"PATCH /welcome HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n":                                                 405,
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n%s\r\n<a/>":                           400,
		"GET / HTTP/1.1\r\nHost: evil.example\r\n%s\r\n":                                                       421,
	} {
		for header, lang := range map[string]string{
			"Accept-Language: " + accepted + ";q=0.9\r\n":                                        accepted,
			"Accept-Language: " + accepted + "\r\nCookie: __Host-corral-lang=" + chosen + "\r\n": chosen,
			"Accept-Language: tlh\r\nCookie: __Host-corral-lang=klingon\r\n":                     names[0],
		} {
			a := s.raw(fmt.Sprintf(request, "X-Forwarded-Proto: https\r\n"+header))
			require.Equal(t, status, a.StatusCode, request)
			require.Contains(t, a.Page, `<html lang="`+lang+`"`, "%d %s", status, header)
		}
	}
	modelstest.Empty(t) // resets the rate limits
	requireAccepted := func(a apptest.Response, status int) {
		t.Helper()
		require.Equal(t, status, a.StatusCode)
		require.Contains(t, a.Page, `<html lang="`+accepted+`"`, status)
	}
	models.Clock.Stop()
	for range 5 {
		requireAccepted(s.with("Accept-Language", accepted).logIn("ada@example.com"), 422)
	}
	requireAccepted(s.with("Accept-Language", accepted).logIn("ada@example.com"), 429)
	requireAccepted(s.with("Accept-Language", accepted).signUp("x"), 422)
	modelstest.SignUp(t, "bob@example.com")
	b := s.loggedIn("bob@example.com", firefox)
	b.Header.Set("Accept-Language", accepted)
	requireAccepted(b.Get("/panic"), 500)
	open := models.DB
	models.DB = closedDatabase(t)
	defer func() { models.DB = open }()
	requireAccepted(s.with("Accept-Language", accepted).Get("/password/reset/x"), 503)
}
