// Package binary builds the app as it ships, and runs it in processes with environments
// of their own.
//
//	func TestMain(m *testing.M) { os.Exit(binary.Run(m)) }
//
//	func TestWelcome(t *testing.T) {
//		p := binary.Start(t, t.TempDir(), binary.Production()...)
//		status, page := p.Get("/welcome")
//	}
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	// Compiled in so that go test reruns the tests when the app changes.
	_ "corral/actions"
	_ "corral/grifts"
	_ "corral/mailers"
)

// Root returns the folder of the app.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Build builds the app to a file, with the flags of docs/deploy.md.
func Build(file string) error { return BuildPackage(file, Root(), ".") }

// BuildPackage is Build for a package of a module, with more flags.
func BuildPackage(file, module, pkg string, flags ...string) error {
	cmd := exec.Command("go", slices.Concat([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", file}, flags, []string{pkg})...)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

var scratch string

var built = sync.OnceValues(func() (path string, err error) {
	if scratch, err = os.MkdirTemp("", "corral-binary-"); err != nil {
		return "", err
	}
	path = filepath.Join(scratch, "corral")
	return path, Build(path)
})

// Run runs the tests of a package and removes the binary. Call it from TestMain.
func Run(m *testing.M) (code int) {
	defer func() { os.RemoveAll(scratch) }()
	return m.Run()
}

// Path returns the binary, which the first call builds.
func Path(t testing.TB) string {
	t.Helper()
	path, err := built()
	require.NoError(t, err)
	return path
}
