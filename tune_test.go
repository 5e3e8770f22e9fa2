package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
)

// While passwords are hashed there is room for pages, and the collector waits;
// what the operator has set comes back.
func TestTune(t *testing.T) {
	cores, limit, usual := runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1), debug.SetGCPercent(120)
	onRush := models.OnRush
	t.Cleanup(func() {
		runtime.GOMAXPROCS(cores)
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(usual)
		models.OnRush = onRush
	})
	for given, want := range map[int64]int64{math.MaxInt64: limitOfApp + limitOfHash*int64(max(cores, 2)), 64 << 20: 64 << 20} {
		debug.SetMemoryLimit(given)
		tune()
		require.Equal(t, want, debug.SetMemoryLimit(-1), "GOMEMLIMIT wins")
	}
	models.OnRush(true)
	require.Equal(t, 2*cores, runtime.GOMAXPROCS(0))
	require.Equal(t, rushPercent, debug.SetGCPercent(rushPercent))
	models.OnRush(false)
	require.Equal(t, cores, runtime.GOMAXPROCS(0))
	require.Equal(t, 120, debug.SetGCPercent(120))
}
