package process

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// A cached result on SQLite must not stand for one on PostgreSQL.
func TestCache_KnowsTheDatabase(t *testing.T) {
	test := func(server string) (string, error) {
		cmd := exec.Command("go", "test", "./mailers", "./internal/devicecookie", "./internal/once")
		cmd.Dir, cmd.Env = binary.Root(), append(os.Environ(), "CGO_ENABLED=0", "TEST_DATABASE_URL="+server)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := test("")
	require.NoError(t, err, out)
	out, err = test("postgres://127.0.0.1:1/none")
	require.Error(t, err)
	require.NotContains(t, out, "(cached)")
}
