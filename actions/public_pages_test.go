package actions

import (
	"compress/gzip"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models/modelstest"
)

var publicPaths = []string{"/welcome", "/login", "/signup", "/password/forgot"}

// uncompressed sets headers so that Go's client does not decompress the response.
func uncompressed(b *browser, headers ...string) *browser {
	b.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		b.Header.Set(headers[i], headers[i+1])
	}
	return b
}

func TestPublicPages_Headers(t *testing.T) {
	s := newProductionSite(t)
	for _, path := range publicPaths {
		for _, path := range []string{path, path + "/"} {
			page := uncompressed(s.browser()).Get(path)
			require.Equal(t, 200, page.StatusCode)
			requireHeaders(t, page)
			require.Equal(t, "no-cache", page.Header.Get("Cache-Control"), "revalidated each time")
			require.Equal(t, "Cookie, Accept-Language, Accept-Encoding", page.Header.Get("Vary"))
			require.Regexp(t, `^"[0-9a-f]{24}"$`, page.Header.Get("ETag"))
			require.Equal(t, "text/html; charset=utf-8", page.Header.Get("Content-Type"))
			require.Empty(t, page.Header["Set-Cookie"])
			require.EqualValues(t, len(page.Page), page.ContentLength)
		}
	}
}

// A request with a session cookie, even an invalid one, gets the page from the app, with
// no-store.
func TestPublicPages_EqualTheAppsPages(t *testing.T) {
	s := newProductionSite(t)
	for _, language := range []string{"en-US", "tlh", ""} {
		for _, path := range publicPaths {
			kept := uncompressed(s.browser(), "Accept-Language", language).Get(path)
			again := uncompressed(s.browser(), "Accept-Language", language, "User-Agent", "another").Get(path)
			withSession := uncompressed(s.browser(), "Accept-Language", language)
			withSession.SetCookie("__Host-"+sessionCookieName, "damaged")
			rendered := withSession.Get(path)
			require.Equal(t, "no-store", rendered.Header.Get("Cache-Control"))
			require.Empty(t, rendered.Header.Get("ETag"))
			require.Equal(t, rendered.Page, kept.Page)
			require.Equal(t, rendered.Page, again.Page)
		}
	}
}

func TestPublicPages_NotModified(t *testing.T) {
	s := newProductionSite(t)
	etag := uncompressed(s.browser()).Get("/login").Header.Get("ETag")
	for header, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"other", ` + etag: 304, "*": 304, `"other"`: 200, strings.Trim(etag, `"`): 200, "": 200,
	} {
		page := uncompressed(s.browser(), "If-None-Match", header).Get("/login")
		require.Equal(t, status, page.StatusCode, header)
		require.Equal(t, etag, page.Header.Get("ETag"))
		require.Equal(t, "no-cache", page.Header.Get("Cache-Control"))
		requireHeaders(t, page)
		require.Equal(t, status == 304, page.Page == "")
	}
	require.NotEqual(t, etag, uncompressed(s.browser()).Get("/welcome").Header.Get("ETag"))
}

func TestPublicPages_Compressed(t *testing.T) {
	s := newProductionSite(t)
	plain := uncompressed(s.browser()).Get("/welcome")
	etags := map[string]bool{plain.Header.Get("ETag"): true}
	for coding, reader := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	} {
		page := uncompressed(s.browser(), "Accept-Encoding", coding).Get("/welcome")
		require.Equal(t, coding, page.Header.Get("Content-Encoding"))
		require.Less(t, len(page.Page), len(plain.Page))
		r, err := reader(strings.NewReader(page.Page))
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, plain.Page, string(text))
		etags[page.Header.Get("ETag")] = true
	}
	require.Len(t, etags, 3, "each coding has a tag of its own")
}

func TestPublicPages_Head(t *testing.T) {
	s := newProductionSite(t)
	get, head := uncompressed(s.browser()).Get("/login"), uncompressed(s.browser()).Send("HEAD", "/login", nil)
	require.Equal(t, 200, head.StatusCode)
	require.Empty(t, head.Page)
	require.Equal(t, get.ContentLength, head.ContentLength)
	for _, name := range []string{"ETag", "Content-Type", "Cache-Control", "Vary"} {
		require.Equal(t, get.Header.Get(name), head.Header.Get(name))
	}
}

func TestPublicPages_FlashIsShownOnce(t *testing.T) {
	s := newProductionSite(t)
	asked := uncompressed(s.browser())
	require.Equal(t, "/login", asked.Get("/account").LocationPath())
	require.Contains(t, asked.Get("/login").Page, "You need to login first.")
	for range 2 {
		require.NotContains(t, uncompressed(s.browser()).Get("/login").Page, "You need to login first.")
	}
	require.NotContains(t, asked.Get("/login").Page, "You need to login first.")
}

func TestPublicPages_HoldNothingOfTheFirstRequest(t *testing.T) {
	s := newProductionSite(t)
	uncompressed(s.browser(), "User-Agent", "left-a-trace", "Referer", "https://left-a-trace.example/", "X-Forwarded-Host", "left-a-trace", "Cookie", "other=left-a-trace").Get("/welcome")
	page := uncompressed(s.browser()).Get("/welcome").Page
	require.NotContains(t, page, "left-a-trace")
	with := uncompressed(s.browser()).Get("/welcome?left-a-trace")
	require.Equal(t, "no-store", with.Header.Get("Cache-Control"), "requests with a query reach the app")
	require.Equal(t, page, with.Page)
}

func TestPublicPages_LoggedIn(t *testing.T) {
	s := newProductionSite(t)
	b := uncompressed(s.browser())
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, 303, b.logIn("ada@example.com").StatusCode)
	require.NotContains(t, b.Get("/welcome").Page, `href="/login"`)
	require.Equal(t, "no-store", b.Get("/welcome").Header.Get("Cache-Control"))
	require.Equal(t, "/", b.Get("/login").Location())
	require.Contains(t, uncompressed(s.browser()).Get("/welcome").Page, `href="/login"`)
}

func TestPublicPages_SignupClosed(t *testing.T) {
	s := newProductionSite(t, func(c *config.Config) { c.SignupOpen = false })
	for range 2 {
		page := uncompressed(s.browser()).Get("/signup")
		require.Equal(t, 404, page.StatusCode)
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	}
}

func TestPublicPages_Development(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Env = config.Development })
	page := uncompressed(s.browser()).Get("/welcome")
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	require.Empty(t, page.Header.Get("ETag"))
}

func TestPublicPages_ManyAtOnce(t *testing.T) {
	s := newProductionSite(t)
	pages := make([]string, 32)
	var wait sync.WaitGroup
	for i := range pages {
		wait.Go(func() {
			res, err := s.Client().Get(s.URL + "/login")
			if err == nil {
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				pages[i] = string(body)
			}
		})
	}
	wait.Wait()
	for _, page := range pages {
		require.Equal(t, pages[0], page)
		require.Contains(t, page, `name="password"`)
	}
}
