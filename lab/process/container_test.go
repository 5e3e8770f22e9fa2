package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// nobody is the user in the Dockerfile.
const nobody = 65532

// The binary, built by the command of the Dockerfile, runs in a chroot with only the
// files of the last stage.
func TestContainer_NeedsNothingElse(t *testing.T) {
	root, err := os.MkdirTemp("", "corral-container-") // not t.TempDir: other users must have access
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
	attr := &syscall.SysProcAttr{Chroot: root}
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(storage, nobody, nobody))
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	} else { // a user namespace allows chroot
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	port := binary.FreePort(t)
	inContainer := func(args ...string) *process {
		p := command(t, "/", nil, args...)
		p.Path, p.SysProcAttr = "/app", attr
		p.Env = append(documentedEnv(t), "HOST=https://127.0.0.1", "TRUSTED_PROXIES=127.0.0.1/32", "SESSION_SECRET="+binary.Secret,
			"DATABASE_URL=sqlite3:///storage/app.sqlite", server.url("hunter2"), "PORT="+port, "ADDR=127.0.0.1")
		return p
	}
	for _, task := range []string{"db:migrate", "doctor"} { // doctor verifies the mail server's certificate
		p := inContainer("task", task)
		require.NoError(t, p.Run(), p.Log())
	}
	services.Execute(t, sqlite(storage, "app.sqlite"), `CREATE TABLE large AS
		WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM numbers WHERE n < 8000) SELECT randomblob(1000) FROM numbers`)
	backup := inContainer("task", "db:backup", "/storage/copy.sqlite")
	require.NoError(t, backup.Run(), backup.Log())
	p := inContainer()
	p.Launch()
	p.AwaitReady()
	status, page := p.Get("/login")
	require.Equal(t, 200, status, page)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Len(t, entries, 3, "the app writes to /storage alone")
}

// documentedEnv returns the variables that the Dockerfile sets.
func documentedEnv(t *testing.T) (env []string) {
	t.Helper()
	dockerfile, err := os.ReadFile(filepath.Join(binary.Root(), "Dockerfile"))
	require.NoError(t, err)
	for _, match := range regexp.MustCompile(`(?m)^ENV (.*)$`).FindAllStringSubmatch(string(dockerfile), -1) {
		env = append(env, strings.Fields(match[1])...)
	}
	require.Contains(t, env, "GO_ENV=production")
	return env
}

func buildAsDocumented(t *testing.T, file string) {
	t.Helper()
	dockerfile, err := os.ReadFile(filepath.Join(binary.Root(), "Dockerfile"))
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /app \.$`).FindSubmatch(dockerfile)
	require.NotNil(t, match)
	build := exec.Command("sh", "-c", string(match[1])+" -o "+file+" .")
	build.Dir = binary.Root()
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
}
