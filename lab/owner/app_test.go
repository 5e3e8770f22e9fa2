package owner_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// effects look at the running app after each section.
var effects = map[string]func(*testing.T, *app){
	"Make it yours": func(t *testing.T, a *app) {
		require.Contains(t, a.get(t, "/"), "<title>Home · Paddock</title>")
		require.Contains(t, a.get(t, "/about"), "<h1>About this app</h1>")
		require.Contains(t, a.get(t, "/status"), "<p>The server answers.</p>")
	},
	"Store data": func(t *testing.T, a *app) {
		require.Contains(t, a.get(t, "/"), "<dt>Name</dt><dd></dd>", "of an account that is older than the column")
		require.Contains(t, a.get(t, "/name"), `name="name" type="text" value=""`)
		status, page := a.post(t, "/name", url.Values{"_method": {"PUT"}, "name": {""}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.Contains(t, page, "Say a name of at most 100 characters.")
		status, page = a.post(t, "/name", url.Values{"_method": {"PUT"}, "name": {"Countess"}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "<dt>Name</dt><dd>Countess</dd>")
	},
	"Generate code": func(t *testing.T, a *app) {
		for _, path := range []string{"/tips/index", "/notes", "/notes/new"} {
			res, err := http.Get(a.url + path)
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, "/login", res.Request.URL.Path, "%s is for logged-in users", path)
		}
		require.Contains(t, a.get(t, "/tips/index"), "<h1>Tips#Index</h1>")
		status, page := a.post(t, "/notes", url.Values{"Title": {"Milk"}, "Body": {"Two bottles"}})
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "Note was successfully created.")
		require.Contains(t, a.get(t, "/notes"), "Milk")
		note := regexp.MustCompile(`action="(/notes/[0-9a-f-]{36}/?)"`).FindStringSubmatch(page)
		require.NotNil(t, note, page)
		status, page = a.post(t, note[1], url.Values{"_method": {"DELETE"}})
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, page, "Milk")
	},
	"Take out": func(t *testing.T, a *app) {
		home := a.get(t, "/")
		for _, path := range []string{"/account/activity", "/account/sessions"} {
			require.NotContains(t, home, path)
			status, _ := a.send(t, "GET", path, nil)
			require.Equal(t, http.StatusNotFound, status)
		}
		require.Contains(t, home, `<option value="de" lang="de">`)
		require.NotContains(t, home, `<option value="ja"`)
	},
}

// app is the app of a clone in development, with a user who is logged in. Its
// database outlives a restart.
type app struct {
	clone  *clone
	url    string
	client *http.Client
	cmd    *exec.Cmd
	log    bytes.Buffer
}

// start builds and starts the app, and logs in.
func (a *app) start(t *testing.T) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "app")
	a.clone.run("go", "build", "-o", bin, ".")
	if a.client == nil {
		a.clone.run(bin, "task", "db:seed")
	}
	port := binary.FreePort(t)
	a.url = "http://localhost:" + port
	a.cmd = exec.Command(bin)
	a.cmd.Dir, a.cmd.Stdout, a.cmd.Stderr = a.clone.dir, &a.log, &a.log
	a.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PORT=" + port}
	require.NoError(t, a.cmd.Start())
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	a.client = &http.Client{Jar: jar}
	require.Eventually(t, func() bool {
		res, err := http.Get(a.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
	status, page := a.post(t, "/login", url.Values{"email": {"ada@example.com"}, "password": {"analytical engine number one"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "<dd>ada@example.com</dd>")
}

// stop stops the app. What it has logged is shown when a test fails.
func (a *app) stop() {
	a.cmd.Process.Signal(syscall.SIGTERM)
	err := a.cmd.Wait()
	if a.clone.t.Failed() {
		a.clone.t.Log(a.log.String())
	}
	require.NoError(a.clone.t, err)
	a.log.Reset()
}

func (a *app) get(t *testing.T, path string) (page string) {
	t.Helper()
	status, page := a.send(t, "GET", path, nil)
	require.Equal(t, http.StatusOK, status, page)
	return page
}

// post sends a form and follows the redirect.
func (a *app) post(t *testing.T, path string, form url.Values) (status int, page string) {
	t.Helper()
	return a.send(t, "POST", path, form)
}

func (a *app) send(t *testing.T, method, path string, form url.Values) (status int, page string) {
	t.Helper()
	r, err := http.NewRequest(method, a.url+path, bytes.NewBufferString(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := a.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}
