package growth

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
)

// A change of the app must not break the benchmark unnoticed.
func TestMeasure(t *testing.T) {
	newDatabase := func() (string, func(), error) { return apptest.NewDatabase(os.Getenv("TEST_DATABASE_URL")) }
	c, err := config.Load(os.Environ(), ".")
	require.NoError(t, err)
	run := Run{Config: c, NewDatabase: newDatabase, Sizes: []int{active, 2 * active}, Divisor: 20, Report: func(string) {}}
	rows, err := run.Measure(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, len(operations))
	for _, r := range rows {
		require.Len(t, r.Costs, 2)
		require.Positive(t, r.Costs[0], r.Name)
		require.Positive(t, r.Ratio(), r.Name)
	}
}
