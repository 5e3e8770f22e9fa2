package owner_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// inProduction tests the recipes with the production binary, on PostgreSQL if there is a
// server. The binary is behind nginx with the configuration of the clone's
// docs/deploy.md.
func inProduction(t *testing.T, c *clone) {
	services.RequireNginx(t)
	certificate, err := services.NewCertificate(t.TempDir(), services.Domain)
	require.NoError(t, err)
	mailbox := services.OpenMailbox(t, certificate)
	port := binary.FreePort(t)
	a := &app{clone: c, url: "https://" + services.Domain, env: binary.Production("PORT="+port, "HOST=https://"+services.Domain,
		"DATABASE_URL="+services.NewDatabase(t, os.Getenv("TEST_DATABASE_URL")), mailbox.Variable, certificate.Variable())}
	a.mail = func(t *testing.T, subject string) string {
		found := mailbox.Wait(t, subject, func(m services.Mail) bool { return m.To == ada && m.Subject == subject })
		return strings.ReplaceAll(found.Text, "\r\n", "\n")
	}
	a.serve(t, "http://127.0.0.1:"+port)
	defer a.stop()
	upstream := "127.0.0.1:" + port
	nginx, _ := services.StartNginx(t, c.dir, certificate, [2]string{upstream, upstream})
	a.transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: certificate.Roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, nginx)
		},
	}
	a.invite(t, ada, adaPassword)
	a.invite(t, bob, bobPassword)
	a.client = a.browser(t, ada, adaPassword)
	for _, s := range readGuide(t, c.dir) {
		if test := recipesOf[s.title]; test != nil {
			t.Run(s.title, func(t *testing.T) { test(t, a) })
		}
	}
}

// invite creates an account by a task and sets its password.
func (a *app) invite(t *testing.T, email, password string) {
	t.Helper()
	link := regexp.MustCompile(`/password/reset/\S+`).FindString(a.task("user:create", email))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Transport: a.transport}
	status, _ := a.sendAs(t, client, "GET", link, nil)
	require.Equal(t, http.StatusOK, status)
	status, page := a.sendAs(t, client, "POST", "/password/reset", url.Values{"_method": {"PUT"}, "password": {password}})
	require.Equal(t, http.StatusOK, status, page)
}
