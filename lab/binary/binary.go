// Package binary builds the app as it ships and runs it, each process with an
// environment of its own.
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

	// The tests run a binary that the go command does not know of. With the app
	// compiled in, it runs them again after a change of the app.
	_ "corral/actions"
	_ "corral/grifts"
	_ "corral/mailers"
)

// Root returns the folder of the app's module.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Build writes the app to a file, built as docs/deploy.md says.
func Build(file string) error { return BuildPackage(file, Root(), ".") }

// BuildPackage does so with the main package of a module's folder, and more flags.
func BuildPackage(file, module, pkg string, flags ...string) error {
	cmd := exec.Command("go", slices.Concat([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", file}, flags, []string{pkg})...)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// scratch holds the binary for as long as the tests run.
var scratch string

var built = sync.OnceValues(func() (path string, err error) {
	if scratch, err = os.MkdirTemp("", "corral-binary-"); err != nil {
		return "", err
	}
	path = filepath.Join(scratch, "corral")
	return path, Build(path)
})

// Run runs the tests of a package, for its TestMain, and removes the binary.
func Run(m *testing.M) (code int) {
	defer func() { os.RemoveAll(scratch) }()
	return m.Run()
}

// Path returns the binary. The first call builds it.
func Path(t testing.TB) string {
	t.Helper()
	path, err := built()
	require.NoError(t, err)
	return path
}
