package crash

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

const secret = "c0f1e2d3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"

// app is the binary as it ships, in production, with a mail server that is
// down: each mail stays where it can be counted.
type app struct {
	path, dir, url string
	env            []string
	log            *os.File
	process        *exec.Cmd
	answered       chan struct{} // one for each answer
}

func newApp(t *testing.T, databaseURL string) *app {
	t.Helper()
	dir := t.TempDir()
	a := &app{path: filepath.Join(dir, "corral"), dir: dir, answered: make(chan struct{}, atOnce)}
	out, err := exec.Command("go", "build", "-o", a.path, "..").CombinedOutput()
	require.NoError(t, err, string(out))
	a.log, err = os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	port := configtest.FreePort(t)
	a.url = "http://127.0.0.1:" + port
	a.env = []string{"GO_ENV=production", "HOST=https://corral.example", "ADDR=127.0.0.1", "PORT=" + port,
		"TRUSTED_PROXIES=127.0.0.1/32", "SMTP_URL=smtp://127.0.0.1:1", "SESSION_SECRET=" + secret,
		"DATABASE_URL=" + databaseURL, "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	t.Cleanup(func() { a.process.Process.Kill(); a.process.Wait(); a.log.Close() })
	return a
}

// spawn starts the process and waits for nothing.
func (a *app) spawn(t *testing.T) {
	t.Helper()
	a.process = exec.Command(a.path)
	a.process.Dir, a.process.Env, a.process.Stdout, a.process.Stderr = a.dir, a.env, a.log, a.log
	require.NoError(t, a.process.Start())
}

// start starts the process and waits until it can serve: whatever the last one
// left behind must not be in the way.
func (a *app) start(t *testing.T) {
	t.Helper()
	a.spawn(t)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		res, err := http.Get(a.url + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(a.log.Name())
			require.Fail(t, "it does not start again", string(text[max(0, len(text)-4000):]))
		}
	}
}

// awaitAnswers waits until the app has answered so often.
func (a *app) awaitAnswers(count int) {
	for range count {
		<-a.answered
	}
}

// kill is kill -9: nothing in the process learns of it.
func (a *app) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, a.process.Process.Kill())
	a.process.Wait()
}
