package purge

import (
	"log/slog"
	"time"
)

// maxJump is more than NTP slews a clock between two purges, and less than any
// row lives.
const maxJump = 5 * time.Second

// reading is the time by both clocks of a machine.
type reading struct {
	wall    time.Time
	running time.Duration // by the monotonic clock, which nobody sets
}

var started = time.Now()

// readClocks is replaced by tests.
var readClocks = func() reading {
	now := time.Now()
	return reading{now.Round(0), now.Sub(started)}
}

// warnOfJump logs that the wall clock was set since before: rows expire by it.
func (r reading) warnOfJump(logger *slog.Logger, before reading) {
	jump := r.wall.Sub(before.wall) - (r.running - before.running)
	if jump.Abs() > maxJump {
		logger.Warn("clock jumped", "error", "by "+jump.Round(time.Second).String()+
			": sessions and links may have ended early or late; check NTP (or did this machine sleep?)")
	}
}
