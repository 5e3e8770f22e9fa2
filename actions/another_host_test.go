package actions

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
)

func TestAnotherHost_PageHasNoLinks(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequest("GET", s.URL+"/welcome", nil)
	require.NoError(t, err)
	req.Host = "evil.example"
	a := s.do(req)
	require.Equal(t, 421, a.StatusCode)
	require.Contains(t, a.Page, "<h1>This site has another address</h1>")
	require.NotRegexp(t, ` (src|href|action)=`, a.Page)
}

// Prevents poisoned links: no host of a request must get into a mail.
func TestAnotherHost_NotInMails(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Host, _ = url.Parse("http://127.0.0.1:3000") })
	for _, host := range []string{"localhost:666", "evil.example"} {
		req, err := http.NewRequest("POST", s.URL+"/password/forgot", strings.NewReader("email=ada@example.com"))
		require.NoError(t, err)
		req.Host = host
		req.Header.Set("X-Forwarded-Host", "evil.example")
		req.Header.Set("Forwarded", "host=evil.example")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.do(req)
	}
	mails, err := models.Outbox.Newest(t.Context(), models.DB)
	require.NoError(t, err)
	require.Len(t, mails, 1, "evil.example is refused")
	require.NotContains(t, mails[0].Data, "localhost", "a queued mail holds no host: package mailers adds HOST")
	require.NotContains(t, mails[0].Data, "evil")
}
