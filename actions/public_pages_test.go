package actions_test

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

// plainly asks for no compression: Go's client would undo it unseen.
func plainly(b *browser, headers ...string) *browser {
	b.header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		b.header.Set(headers[i], headers[i+1])
	}
	return b
}

func TestPublicPages_Headers(t *testing.T) {
	s := newProductionSite(t)
	for _, path := range publicPaths {
		for _, path := range []string{path, path + "/"} {
			page := plainly(s.browser()).get(path)
			require.Equal(t, 200, page.StatusCode)
			requireHeaders(t, page)
			require.Equal(t, "no-cache", page.Header.Get("Cache-Control"), "asked for again each time")
			require.Equal(t, "Cookie, Accept-Language, Accept-Encoding", page.Header.Get("Vary"))
			require.Regexp(t, `^"[0-9a-f]{24}"$`, page.Header.Get("ETag"))
			require.Equal(t, "text/html; charset=utf-8", page.Header.Get("Content-Type"))
			require.Empty(t, page.Header["Set-Cookie"])
			require.EqualValues(t, len(page.page), page.ContentLength)
		}
	}
}

// Whoever has a session, even one that cannot be read, is answered by the app,
// and no cache keeps it; anybody else gets the very same bytes.
func TestPublicPages_AreWhatTheAppSends(t *testing.T) {
	s := newProductionSite(t)
	for _, language := range []string{"en-US", "tlh", ""} {
		for _, path := range publicPaths {
			kept := plainly(s.browser(), "Accept-Language", language).get(path)
			again := plainly(s.browser(), "Accept-Language", language, "User-Agent", "another").get(path)
			withSession := plainly(s.browser(), "Accept-Language", language)
			withSession.setCookie("__Host-corral", "damaged")
			rendered := withSession.get(path)
			require.Equal(t, "no-store", rendered.Header.Get("Cache-Control"))
			require.Empty(t, rendered.Header.Get("ETag"))
			require.Equal(t, rendered.page, kept.page)
			require.Equal(t, rendered.page, again.page)
		}
	}
}

func TestPublicPages_NotModified(t *testing.T) {
	s := newProductionSite(t)
	etag := plainly(s.browser()).get("/login").Header.Get("ETag")
	for header, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"other", ` + etag: 304, "*": 304, `"other"`: 200, strings.Trim(etag, `"`): 200, "": 200,
	} {
		page := plainly(s.browser(), "If-None-Match", header).get("/login")
		require.Equal(t, status, page.StatusCode, header)
		require.Equal(t, etag, page.Header.Get("ETag"))
		require.Equal(t, "no-cache", page.Header.Get("Cache-Control"))
		requireHeaders(t, page)
		require.Equal(t, status == 304, page.page == "")
	}
	require.NotEqual(t, etag, plainly(s.browser()).get("/welcome").Header.Get("ETag"))
}

func TestPublicPages_Compressed(t *testing.T) {
	s := newProductionSite(t)
	plain := plainly(s.browser()).get("/welcome")
	etags := map[string]bool{plain.Header.Get("ETag"): true}
	for coding, reader := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	} {
		page := plainly(s.browser(), "Accept-Encoding", coding).get("/welcome")
		require.Equal(t, coding, page.Header.Get("Content-Encoding"))
		require.Less(t, len(page.page), len(plain.page))
		r, err := reader(strings.NewReader(page.page))
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, plain.page, string(text))
		etags[page.Header.Get("ETag")] = true
	}
	require.Len(t, etags, 3, "each form has a tag of its own")
}

func TestPublicPages_Head(t *testing.T) {
	s := newProductionSite(t)
	get, head := plainly(s.browser()).get("/login"), plainly(s.browser()).send("HEAD", "/login", nil)
	require.Equal(t, 200, head.StatusCode)
	require.Empty(t, head.page)
	require.Equal(t, get.ContentLength, head.ContentLength)
	for _, name := range []string{"ETag", "Content-Type", "Cache-Control", "Vary"} {
		require.Equal(t, get.Header.Get(name), head.Header.Get(name))
	}
}

// A flash is shown to the one it is for, once, and to nobody else.
func TestPublicPages_FlashIsNeitherKeptNorLost(t *testing.T) {
	s := newProductionSite(t)
	asked := plainly(s.browser())
	require.Equal(t, "/login", asked.get("/account").location())
	require.Contains(t, asked.get("/login").page, "You need to login first.")
	for range 2 {
		require.NotContains(t, plainly(s.browser()).get("/login").page, "You need to login first.")
	}
	require.NotContains(t, asked.get("/login").page, "You need to login first.")
}

// The first to ask is nobody in particular: what came with the request is in no page.
func TestPublicPages_FirstVisitorLeavesNoTrace(t *testing.T) {
	s := newProductionSite(t)
	plainly(s.browser(), "User-Agent", "left-a-trace", "Referer", "https://left-a-trace.example/", "X-Forwarded-Host", "left-a-trace", "Cookie", "other=left-a-trace").get("/welcome")
	page := plainly(s.browser()).get("/welcome").page
	require.NotContains(t, page, "left-a-trace")
	with := plainly(s.browser()).get("/welcome?left-a-trace")
	require.Equal(t, "no-store", with.Header.Get("Cache-Control"), "a query is the app's to read")
	require.Equal(t, page, with.page)
}

func TestPublicPages_SignedIn(t *testing.T) {
	s := newProductionSite(t)
	b := plainly(s.browser())
	modelstest.SignUp(t, "ada@example.com")
	require.Equal(t, 303, b.logIn("ada@example.com").StatusCode)
	require.NotContains(t, b.get("/welcome").page, `href="/login"`)
	require.Equal(t, "no-store", b.get("/welcome").Header.Get("Cache-Control"))
	require.Equal(t, "/", b.get("/login").location())
	require.Contains(t, plainly(s.browser()).get("/welcome").page, `href="/login"`)
}

func TestPublicPages_SignupClosed(t *testing.T) {
	s := newProductionSite(t, func(c *config.Config) { c.SignupOpen = false })
	for range 2 {
		page := plainly(s.browser()).get("/signup")
		require.Equal(t, 404, page.StatusCode)
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	}
}

func TestPublicPages_Development(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Env = config.Development })
	page := plainly(s.browser()).get("/welcome")
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
