package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func echo(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/away" {
		http.Redirect(w, r, "/here", http.StatusSeeOther)
		return
	}
	visits := 1
	if c, err := r.Cookie("__Host-visits"); err == nil {
		fmt.Sscan(c.Value, &visits)
		visits++
	}
	http.SetCookie(w, &http.Cookie{Name: "__Host-visits", Value: fmt.Sprint(visits), Path: "/", Secure: r.TLS != nil})
	fmt.Fprintln(w, r.Method, r.URL.Path, r.PostFormValue("_method"), r.PostFormValue("name"), r.Header.Get("X-Test"), visits)
}

func TestBrowser(t *testing.T) {
	var public *url.URL
	for _, s := range []*apptest.Server{
		apptest.NewServer(t, http.HandlerFunc(echo)),
		apptest.NewTLSServer(t, func(baseURL *url.URL) http.Handler { public = baseURL; return http.HandlerFunc(echo) }),
	} {
		b, form := s.Browser(), url.Values{"name": {"ada"}}
		b.Header.Set("X-Test", "x")
		require.Empty(t, b.Cookie("visits"))
		require.Equal(t, "GET /a   x 1\n", b.Get("/a").Page)
		require.Equal(t, "POST /a  ada x 2\n", b.Post("/a", form).Page)
		require.Equal(t, "POST /a PUT ada x 3\n", b.Put("/a", form).Page)
		require.Equal(t, "POST /a DELETE  x 4\n", b.Delete("/a", nil).Page)
		require.Equal(t, "PATCH /a  ada x 5\n", b.Send("PATCH", "/a", form).Page)
		require.Equal(t, url.Values{"name": {"ada"}}, form)
		require.Equal(t, "5", b.Cookie("visits"))
		b.SetCookie("__Host-visits", "8")
		require.Equal(t, "GET /a   x 9\n", b.Get("/a").Page)
		require.Equal(t, "GET /a    1\n", s.Browser().Get("/a").Page, "another browser")

		away := b.Get("/away")
		require.Equal(t, http.StatusSeeOther, away.StatusCode)
		require.Equal(t, "/here", away.Location())
		require.Empty(t, b.Get("/here").Location())
	}
	require.Equal(t, "https", public.Scheme)
}

func TestFlashes(t *testing.T) {
	page := `<main><div class="alert alert-danger" role="alert"><svg/><p>One</p></div><div class="alert"><p>Two</p></div><p>No</p>`
	require.Equal(t, []string{"One", "Two"}, apptest.Flashes(page))
	require.Empty(t, apptest.Flashes("<p>No</p>"))
}
