package actions_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/actions/view"
	"corral/config"
	"corral/locales/localestest"
	"corral/models/modelstest"
)

// Every page, in every language and every state, says nothing but what stands
// in the file of that language: neither a text of another language nor one that
// was written into a template.
func TestLanguages_EveryPageSpeaksOne(t *testing.T) {
	for _, reader := range localestest.Readers(t) {
		t.Run(reader.Language, func(t *testing.T) {
			s := &story{t: t, reader: reader, seen: map[string]bool{}}
			s.site = s.newSite()
			s.guest()
			s.refusals()
			s.account()
			s.devices()
			s.emailChange()
			s.errors()
			s.developer()
			for _, route := range actions.Routes() {
				if route.Method == "GET" && !speechless[route.Path] {
					require.True(t, s.seen[route.Path], "the story does not show %s", route.Path)
				}
			}
			require.Empty(t, slices.DeleteFunc(reader.Unheard(), saidElsewhere), "no page of the story says these")
		})
	}
}

// speechless are the paths that answer with no page.
var speechless = map[string]bool{
	"/healthz": true, "/readyz": true, "/.well-known/change-password": true,
	"/signup/{token}": true, "/password/reset/{token}": true, // redirects
}

// saidElsewhere are the keys that no page of the story shows.
func saidElsewhere(key string) bool {
	return strings.HasPrefix(key, "mail.") || slices.Contains([]string{ // mails have a test of their own
		"language.name", "time.layout", // shown, but not as they are
		"check_mail.mailbox", // in a development build
		"password.guessable", // what is easy to guess has a better reason than that
	}, key)
}

// story is a person who goes through all of the app in one language.
type story struct {
	t      *testing.T
	reader *localestest.Reader
	site   *site
	seen   map[string]bool // routes
}

// newSite starts the app, with routes that fail in every way that has a page.
func (s *story) newSite() *site {
	c := testConfig(s.t, func(c *config.Config) { c.Env = config.Development })
	app := actions.New(c)
	app.GET("/fail/{status}", func(c buffalo.Context) error {
		status, _ := strconv.Atoi(c.Param("status"))
		return c.Error(status, errors.New("provoked"))
	})
	modelstest.Empty(s.t)
	server := httptest.NewServer(actions.Edge(app, c, nil))
	s.t.Cleanup(server.Close)
	return &site{server, s.t}
}

// browser is a new one, set to the story's language.
func (s *story) browser() *browser {
	b := s.site.browser()
	b.header.Set("Accept-Language", s.reader.Language)
	b.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
	return b
}

// read requires that an answer is a page in the story's language.
func (s *story) read(a answer, status int, route ...string) {
	s.t.Helper()
	require.Equal(s.t, status, a.StatusCode, a.page)
	require.Contains(s.t, a.page, `<html lang="`+s.reader.Language+`" dir="`+view.Direction(s.reader.Language)+`"`)
	require.Empty(s.t, s.reader.Page(s.t, a.page), "%s %s says what the file of %s does not", a.Request.Method, a.Request.URL.Path, s.reader.Language)
	for _, path := range append(route, a.Request.URL.Path) {
		s.seen[path] = s.seen[path] || status == 200
	}
}
