package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// A password takes 19 MiB while it is hashed, and the next one as much again,
// before the collector has taken back the first: with a hash on each core that
// adds up. The limit leaves each core two, and the app itself what it needs.
const (
	limitOfApp  = 32 << 20
	limitOfHash = 40 << 20 // a core, of which there are two at the least
)

// tune bounds the garbage of the hashes. It leaves alone what the operator has
// set by GOMEMLIMIT.
func tune() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(limitOfApp + limitOfHash*int64(max(runtime.GOMAXPROCS(0), 2)))
	}
}
