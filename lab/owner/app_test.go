package owner_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// Ada and Bob have accounts. app.client is logged in as Ada.
const (
	ada         = "ada@example.com"
	adaPassword = "analytical engine number one"
	bob         = "bob@example.com"
	bobPassword = "a dark horse with no name"
)

// app is the app of a clone, with a browser in which Ada is logged in. A restart keeps
// the database.
type app struct {
	clone     *clone
	url       string // the URL that browsers use
	env       []string
	transport http.RoundTripper // used by browsers
	client    *http.Client
	mail      func(t *testing.T, subject string) (text string) // waits for a mail to Ada

	cmd *exec.Cmd
	log *bytes.Buffer
}

func (a *app) start(t *testing.T) {
	t.Helper()
	port := binary.FreePort(t)
	first := a.env == nil
	a.url, a.env = "http://localhost:"+port, []string{"PORT=" + port, "OIDC_ISSUER=http://localhost:1", "OIDC_CLIENT_ID=app", "OIDC_CLIENT_SECRET=secret"}
	a.transport, a.mail = http.DefaultTransport, a.outboxMail
	if first {
		a.task("db:seed")
	}
	a.serve(t, a.url)
	a.client = a.browser(t, ada, adaPassword)
}

// serve starts the process and waits until it answers at address.
func (a *app) serve(t *testing.T, address string) {
	t.Helper()
	a.log = new(bytes.Buffer)
	a.cmd = exec.Command(a.clone.bin)
	a.cmd.Dir, a.cmd.Env, a.cmd.Stdout, a.cmd.Stderr = a.clone.dir, a.environment(), a.log, a.log
	require.NoError(t, a.cmd.Start())
	require.Eventually(t, func() bool {
		res, err := http.Get(address + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
}

func (a *app) environment() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, a.env...)
}

func (a *app) task(args ...string) string {
	a.clone.t.Helper()
	cmd := exec.Command(a.clone.bin, append([]string{"task"}, args...)...)
	cmd.Dir, cmd.Env = a.clone.dir, a.environment()
	out, err := cmd.CombinedOutput()
	require.NoError(a.clone.t, err, string(out))
	return string(out)
}

// stop stops the app and shows its log if the test failed.
func (a *app) stop() {
	a.cmd.Process.Signal(syscall.SIGTERM)
	err := a.cmd.Wait()
	if a.clone.t.Failed() {
		a.clone.t.Log(a.log.String())
	}
	require.NoError(a.clone.t, err)
	require.NotContains(a.clone.t, a.log.String(), "level=ERROR")
	require.NotContains(a.clone.t, a.log.String(), `"level":"ERROR"`)
}

func (a *app) browser(t *testing.T, email, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Transport: a.transport}
	status, page := a.sendAs(t, client, "POST", "/login", url.Values{"email": {email}, "password": {password}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "<dd><bdi>"+email+"</bdi></dd>")
	return client
}

func (a *app) get(t *testing.T, path string) (page string) {
	t.Helper()
	status, page := a.send(t, "GET", path, nil)
	require.Equal(t, http.StatusOK, status, page)
	return page
}

func (a *app) post(t *testing.T, path string, form url.Values) (status int, page string) {
	t.Helper()
	return a.send(t, "POST", path, form)
}

func (a *app) send(t *testing.T, method, path string, form url.Values) (status int, page string) {
	t.Helper()
	return a.sendAs(t, a.client, method, path, form)
}

func (a *app) sendAs(t *testing.T, client *http.Client, method, path string, form url.Values) (status int, page string) {
	t.Helper()
	res, page := a.do(t, client, method, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	return res.StatusCode, page
}

func (a *app) do(t *testing.T, client *http.Client, method, path string, body io.Reader, headers ...string) (res *http.Response, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+path, body)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err = client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(content)
}
