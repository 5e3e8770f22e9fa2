package cluster

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// domain is also the site's in docs/deploy.md.
const domain = "login.example.com"

// documented returns docs/deploy.md's nginx configuration with local addresses
// and files.
func (c *cluster) documented(tls string) string {
	c.t.Helper()
	document, err := os.ReadFile(filepath.Join(binary.Root(), "docs/deploy.md"))
	require.NoError(c.t, err)
	match := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindSubmatch(document)
	require.NotNil(c.t, match)
	text := string(match[1])
	for documented, here := range map[string]string{
		"10.0.0.11:3000":                         c.nodes[0].address,
		"10.0.0.12:3000":                         c.nodes[1].address,
		"listen 443 ":                            "listen " + tls + " ",
		"listen 80;":                             "listen " + binary.FreePort(c.t) + ";",
		"/etc/ssl/login.example.com.pem":         c.certificate.File,
		"/etc/ssl/private/login.example.com.key": c.certificate.KeyFile,
	} {
		require.Equal(c.t, 1, strings.Count(text, documented), documented)
		text = strings.ReplaceAll(text, documented, here)
	}
	return text
}

// startNginx runs nginx in its own folder and returns its HTTPS address.
func (c *cluster) startNginx() (address string) {
	c.t.Helper()
	dir, address := c.t.TempDir(), "127.0.0.1:"+binary.FreePort(c.t)
	require.NoError(c.t, os.WriteFile(filepath.Join(dir, "corral.conf"), []byte(c.documented(address)), 0o600))
	as := ""
	if os.Geteuid() == 0 {
		as = "user root;" // may read the folder
	}
	whole := fmt.Sprintf(`%s daemon off; worker_processes 2; pid %[2]s/pid; error_log %[2]s/error.log;
		events { worker_connections 512; }
		http { access_log off; client_body_temp_path %[2]s/a; proxy_temp_path %[2]s/b; fastcgi_temp_path %[2]s/c;
			uwsgi_temp_path %[2]s/d; scgi_temp_path %[2]s/e; include %[2]s/corral.conf; }`, as, dir)
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(c.t, os.WriteFile(conf, []byte(whole), 0o600))
	var said bytes.Buffer
	nginx := exec.Command("nginx", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", conf)
	nginx.Stderr = &said
	require.NoError(c.t, nginx.Start())
	c.t.Cleanup(func() { nginx.Process.Signal(syscall.SIGTERM); nginx.Wait() })
	c.nginx, c.nginxLog = address, filepath.Join(dir, "error.log")
	eventually(c.t, func() bool {
		answer, err := c.browser().try("GET", "/welcome", nil)
		return err == nil && answer.status == http.StatusOK
	}, "nginx does not answer: "+said.String())
	return address
}
