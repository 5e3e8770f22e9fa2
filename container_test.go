package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config/configtest"
)

// nobody is the user of the Dockerfile.
const nobody = 65532

// The binary needs nothing of a machine but what the Dockerfile's last stage
// gives it: built by its command, it runs in a folder that is its whole world.
func TestContainer(t *testing.T) {
	root, err := os.MkdirTemp("", "corral-container-") // not t.TempDir: another user has to get in
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(root) })
	require.NoError(t, os.Chmod(root, 0o755))
	buildAsDocumented(t, filepath.Join(root, "app"))
	server := newMailServer(t, "STARTTLS")
	authority, err := os.ReadFile(strings.TrimPrefix(server.variable, "SSL_CERT_FILE="))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc/ssl/certs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"), authority, 0o644))
	storage := filepath.Join(root, "storage")
	require.NoError(t, os.Mkdir(storage, 0o700))
	contained := &syscall.SysProcAttr{Chroot: root}
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(storage, nobody, nobody))
		contained.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	} else { // root of a world of its own may do so
		contained.Cloneflags = syscall.CLONE_NEWUSER
		contained.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	port := configtest.FreePort(t)
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command("/app", args...)
		cmd.Dir, cmd.SysProcAttr = "/", contained
		cmd.Env = []string{"GO_ENV=production", "HOST=https://127.0.0.1", "TRUSTED_PROXIES=127.0.0.1/32", "SESSION_SECRET=" + secret,
			"DATABASE_URL=sqlite3:///storage/app.sqlite", server.url("hunter2"), "PORT=" + port, "ADDR=127.0.0.1"}
		return cmd
	}
	out, err := run("task", "db:migrate").CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = run("task", "doctor").CombinedOutput()
	require.NoError(t, err, string(out)) // among others: the mail server's certificate is known
	app := run()
	require.NoError(t, app.Start())
	t.Cleanup(func() { app.Process.Kill(); app.Wait() })
	p := &process{Cmd: app, t: t, url: "http://127.0.0.1:" + port}
	require.Eventually(t, func() bool {
		res, err := http.Get(p.url + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == 200
	}, time.Minute, 20*time.Millisecond)
	status, page := p.get("/login")
	require.Equal(t, 200, status, page)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Len(t, entries, 3, "it writes to /storage alone")
}

// buildAsDocumented runs the Dockerfile's own command.
func buildAsDocumented(t *testing.T, binary string) {
	t.Helper()
	dockerfile, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /app \.$`).FindSubmatch(dockerfile)
	require.NotNil(t, match)
	out, err := exec.Command("sh", "-c", string(match[1])+" -o "+binary+" .").CombinedOutput()
	require.NoError(t, err, string(out))
}
