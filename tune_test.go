package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
)

// While passwords are hashed there is room for pages; what the operator has set stays.
func TestTune(t *testing.T) {
	cores, limit := runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1)
	onRush := models.OnRush
	t.Cleanup(func() {
		runtime.GOMAXPROCS(cores)
		debug.SetMemoryLimit(limit)
		models.OnRush = onRush
	})
	for given, want := range map[int64]int64{math.MaxInt64: limitOfApp + limitOfHash*int64(max(cores, 2)), 64 << 20: 64 << 20} {
		debug.SetMemoryLimit(given)
		tune()
		require.Equal(t, want, debug.SetMemoryLimit(-1), "GOMEMLIMIT wins")
	}
	models.OnRush(true)
	require.Equal(t, 2*cores, runtime.GOMAXPROCS(0))
	models.OnRush(false)
	require.Equal(t, cores, runtime.GOMAXPROCS(0))
}
