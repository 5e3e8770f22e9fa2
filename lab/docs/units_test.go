package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

// units writes the systemd units of docs/deploy.md to a folder. It replaces the paths in
// them by paths that exist on this machine.
func units(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	here, err := os.Executable()
	require.NoError(t, err)
	for _, match := range fence.FindAllStringSubmatch(documents(t)["docs/deploy.md"], -1) {
		first, unit, _ := strings.Cut(match[2], "\n")
		if name, ok := strings.CutPrefix(first, "# /etc/systemd/system/"); ok {
			unit = strings.NewReplacer("/usr/local/bin/corral", here, "/etc/corral.env", os.DevNull).Replace(unit)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o600))
		}
	}
	return dir
}

// By default, systemd gives up after five failed starts, for example while the database
// is down.
func TestUnits_RestartWithoutLimit(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join(units(t), "corral.service"))
	require.NoError(t, err)
	options, service, _ := strings.Cut(string(unit), "[Service]\n")
	require.Contains(t, options, "\nStartLimitIntervalSec=0\n")
	require.Contains(t, service, "\nRestart=always\n")
}

// systemd opens sockets before the network is up; it does not try again.
func TestUnits_SocketNeedsNoNetwork(t *testing.T) {
	socket, err := os.ReadFile(filepath.Join(units(t), "corral.socket"))
	require.NoError(t, err)
	require.Contains(t, string(socket), "\nFreeBind=true\n")
}

func TestUnits_AreValid(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		require.False(t, services.Required("systemd"))
		t.Skip("needs systemd-analyze: apt-get install systemd")
	}
	dir := units(t)
	service, socket := filepath.Join(dir, "corral.service"), filepath.Join(dir, "corral.socket")
	for _, args := range [][]string{
		{"verify", "--man=no", service, socket},
		{"security", "--offline=true", "--threshold=15", service}, // the exposure, of at most 100
	} {
		out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
		require.NoError(t, err, string(out))
		if args[0] == "verify" {
			require.Empty(t, string(out))
		}
	}
}
