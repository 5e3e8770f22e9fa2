package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// The app's own live heap is a few MB, so by default the collector would run
// after every other MB: a third of a page's time. It may let three times as much
// come together. But a password takes 20 MB while it is hashed, one at a time
// on each core, and three times that it may not: then the limit holds, under
// which what is live always fits.
const (
	collectAt   = 200 // percent of the live heap
	limitOfApp  = 16 << 20
	limitOfHash = 20 << 20 // a core
)

// tuneCollector leaves alone what the operator has set by GOGC or GOMEMLIMIT.
func tuneCollector() {
	if set := debug.SetGCPercent(collectAt); set != 100 {
		debug.SetGCPercent(set)
	}
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(limitOfApp + limitOfHash*int64(runtime.GOMAXPROCS(0)))
	}
}
