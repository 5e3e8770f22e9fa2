package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"corral/models"
)

// A password takes 19 MiB while it is hashed, and the next one as much again,
// before the collector has taken back the first: with a hash on each core that
// adds up. The limit leaves each core two, and the app itself what it needs.
const (
	limitOfApp  = 20 << 20
	limitOfHash = 40 << 20 // a core, of which there are two at the least
)

// tune fits Go's runtime to the hashes, which take up one core after the other.
// It leaves alone what the operator has set by GOMEMLIMIT.
func tune() {
	cores := runtime.GOMAXPROCS(0)
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(limitOfApp + limitOfHash*int64(max(cores, 2)))
	}
	models.OnRush = func(rush bool) {
		if rush {
			// While every core hashes, Go would let a page wait 10 ms for each of its steps.
			// With as many places again, the system shares the cores out, and is quicker.
			runtime.GOMAXPROCS(2 * cores)
			return
		}
		runtime.GOMAXPROCS(cores)
		go debug.FreeOSMemory()
	}
	time.AfterFunc(time.Second, debug.FreeOSMemory) // what the start took
}
