package locales

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
)

// The app itself answers with only some of these statuses.
func TestLanguages_ErrorPagesAreTranslated(t *testing.T) {
	c, err := config.Load(nil, t.TempDir())
	require.NoError(t, err)
	logger := slog.New(slog.DiscardHandler)
	app := actions.App(c, logger)
	fail := func(c buffalo.Context) error {
		status, _ := strconv.Atoi(c.Param("status"))
		return c.Error(status, errors.New("provoked"))
	}
	app.GET("/fail/{status}", fail)
	app.Middleware.Skip(actions.Authorize, fail)
	server := httptest.NewServer(actions.Handler(app, c, logger, nil))
	defer server.Close()
	proxied := c
	proxied.Env, proxied.TrustedProxies = config.Production, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	behindProxy := httptest.NewServer(actions.Handler(app, proxied, logger, nil))
	defer behindProxy.Close()
	for _, reader := range Readers(t) {
		for _, status := range []int{400, 401, 403, 404, 405, 413, 418, 421, 422, 429, 500, 502, 503} {
			url := server.URL + "/fail/" + strconv.Itoa(status)
			if status == http.StatusBadGateway { // the answer to a proxy that sends no X-Forwarded-Proto
				url = behindProxy.URL
			}
			req, err := http.NewRequest("GET", url, nil)
			require.NoError(t, err)
			req.Host, req.Header = c.Host.Host, http.Header{"Accept-Language": {reader.Language}}
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			page, err := io.ReadAll(res.Body)
			res.Body.Close()
			require.NoError(t, err)
			require.Equal(t, status, res.StatusCode)
			require.Empty(t, reader.UntranslatedOf(t, string(page)), "%d has texts that are not in the file of %s", status, reader.Language)
		}
		for _, key := range reader.Unseen() {
			require.NotRegexp(t, `^error\.`, key, reader.Language)
		}
	}
}
