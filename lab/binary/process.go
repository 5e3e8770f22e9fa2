package binary

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Secret is the SESSION_SECRET of Production.
const Secret = "c0f1e2d3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"

// Production returns the environment of an app in production, behind a local proxy at
// https://127.0.0.1, with a mail server that is down. Variables in more override
// others.
func Production(more ...string) []string {
	return append([]string{"GO_ENV=production", "ADDR=127.0.0.1", "HOST=https://127.0.0.1", "TRUSTED_PROXIES=127.0.0.1/32",
		"SMTP_URL=smtp://127.0.0.1:1", "SESSION_SECRET=" + Secret}, more...)
}

// Process is the app or one of its tasks.
type Process struct {
	*exec.Cmd
	URL      string // set by Launch
	Out, Err Output // the process's standard output and error

	t       testing.TB
	ended   chan struct{} // is closed when the process has ended
	outcome error         // how the process ended, once it has
}

// Command returns a process to start in dir. Its environment is env, PATH and HOME. HOME
// is not dir: Buffalo runs the go command, which writes to HOME even after the process
// has ended.
func Command(t testing.TB, dir string, env []string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(Path(t), args...), t: t}
	p.Dir, p.Stdout, p.Stderr = dir, &p.Out, &p.Err
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(p.Path)}, env...)
	return p
}

// Start is Launch, but waits until the app is ready.
func Start(t testing.TB, dir string, env ...string) *Process {
	t.Helper()
	p := Launch(t, dir, env...)
	p.AwaitReady()
	return p
}

// Launch starts the app, on a free port unless env has one, and kills it when
// the test ends.
func Launch(t testing.TB, dir string, env ...string) *Process {
	t.Helper()
	if !slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "PORT=") }) {
		env = append(slices.Clip(env), "PORT="+FreePort(t))
	}
	p := Command(t, dir, env)
	p.Launch()
	return p
}

// Launch starts the process and kills it when the test ends.
func (p *Process) Launch() {
	p.t.Helper()
	for _, v := range p.Env {
		if port, ok := strings.CutPrefix(v, "PORT="); ok {
			p.URL = "http://localhost:" + port // as in development
		}
	}
	require.NoError(p.t, p.Start())
	p.ended = make(chan struct{})
	go func() { p.outcome = p.Cmd.Wait(); close(p.ended) }()
	p.t.Cleanup(p.Kill)
}

// TakeSocket passes sockets to the process as systemd does.
func (p *Process) TakeSocket(sockets ...*os.File) {
	// The shell knows its own PID, which exec passes on to the process.
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", fmt.Sprintf(`LISTEN_PID=$$ LISTEN_FDS=%d exec "$0"`, len(sockets)), p.Path}
	p.ExtraFiles = sockets
}

// AwaitReady waits until the app is ready. It fails the test after a minute.
func (p *Process) AwaitReady() {
	p.t.Helper()
	for deadline := time.After(time.Minute); !p.Ready(); {
		select {
		case <-p.ended:
			require.Fail(p.t, "the process has ended", p.Log())
		case <-deadline:
			require.Fail(p.t, "the app is not ready", p.Log())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Ready reports whether /readyz answers 200.
func (p *Process) Ready() bool {
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(p.request("/readyz"))
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Get requests a page as the proxy does for a browser.
func (p *Process) Get(path string) (status int, page string) {
	p.t.Helper()
	r := p.request(path)
	r.Host = "127.0.0.1"
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	res, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return res.StatusCode, string(body)
}

func (p *Process) request(path string) *http.Request {
	r, err := http.NewRequest("GET", p.URL+path, nil)
	require.NoError(p.t, err)
	return r
}

func (p *Process) Signal(s os.Signal) error { return p.Cmd.Process.Signal(s) }

// Stop ends the process by SIGTERM. It fails the test if the process reports an error.
func (p *Process) Stop() {
	p.t.Helper()
	require.NoError(p.t, p.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.Wait(), p.Log())
}

// Kill kills the process. It may have ended already.
func (p *Process) Kill() {
	p.Cmd.Process.Kill()
	<-p.ended
}

// Wait waits until the process has ended, and returns its error.
func (p *Process) Wait() error {
	<-p.ended
	return p.outcome
}

// Log returns all that the process has printed.
func (p *Process) Log() string { return p.Out.String() + p.Err.String() }

// Output is a buffer that is safe for concurrent use.
type Output struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (o *Output) Write(b []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Write(b)
}

func (o *Output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.String()
}
