package growth

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
)

// Prevents that a change of the app breaks the benchmark unnoticed.
func TestMeasure(t *testing.T) {
	newDatabase := func() (string, func(), error) { return apptest.NewDatabase(os.Getenv("TEST_DATABASE_URL")) }
	c, err := config.Load(os.Environ(), ".")
	require.NoError(t, err)
	run := Run{c, newDatabase, []int{active, 2 * active}, 20, func(string) {}}
	rows, err := run.Measure(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, len(works(0, nil)))
	for _, r := range rows {
		require.Len(t, r.Costs, 2)
		require.Positive(t, r.Costs[0], r.Name)
		require.Positive(t, r.Ratio(), r.Name)
	}
}
