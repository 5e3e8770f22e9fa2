package services

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// Domain is the app's domain in docs/deploy.md.
const Domain = "login.example.com"

// RequireNginx skips the test if nginx is not installed.
func RequireNginx(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		require.False(t, Required("nginx"))
		t.Skip("needs nginx: apt-get install nginx-light")
	}
}

// StartNginx runs nginx in front of two processes, until the test ends. The
// configuration is that of a clone's docs/deploy.md. StartNginx returns the host and
// port for HTTPS, and the file of the error log.
func StartNginx(t testing.TB, clone string, c *Certificate, upstream [2]string) (address, errorLog string) {
	t.Helper()
	dir, address := t.TempDir(), "127.0.0.1:"+binary.FreePort(t)
	documented := documentedConfiguration(t, clone, map[string]string{
		"10.0.0.11:3000":                      upstream[0],
		"10.0.0.12:3000":                      upstream[1],
		"listen 443 ":                         "listen " + address + " ",
		"listen 80;":                          "listen 127.0.0.1:" + binary.FreePort(t) + ";",
		"/etc/ssl/" + Domain + ".pem":         c.File,
		"/etc/ssl/private/" + Domain + ".key": c.KeyFile,
	})
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // so that nginx may read the folder
	}
	configuration := fmt.Sprintf(`%s daemon off; worker_processes 2; pid %[2]s/pid; error_log %[2]s/error.log;
		events { worker_connections 512; }
		http { access_log off; client_body_temp_path %[2]s/a; proxy_temp_path %[2]s/b; fastcgi_temp_path %[2]s/c;
			uwsgi_temp_path %[2]s/d; scgi_temp_path %[2]s/e;
			%[3]s
		}`, user, dir, documented)
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, []byte(configuration), 0o600))
	errorLog = filepath.Join(dir, "error.log")
	nginx := exec.Command("nginx", "-p", dir, "-e", errorLog, "-c", conf)
	require.NoError(t, nginx.Start())
	t.Cleanup(func() { nginx.Process.Signal(syscall.SIGTERM); nginx.Wait() })
	if !assert.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond, "nginx does not listen") {
		log, _ := os.ReadFile(errorLog)
		t.Fatal(string(log))
	}
	return address, errorLog
}

// documentedConfiguration returns the nginx configuration of docs/deploy.md, with the keys
// of replacements replaced by their values.
func documentedConfiguration(t testing.TB, clone string, replacements map[string]string) string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(clone, "docs/deploy.md"))
	require.NoError(t, err)
	match := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindSubmatch(document)
	require.NotNil(t, match)
	text := string(match[1])
	for old, replacement := range replacements {
		require.Equal(t, 1, strings.Count(text, old), old)
		text = strings.ReplaceAll(text, old, replacement)
	}
	return text
}
