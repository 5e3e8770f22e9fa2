package purge

import (
	"log/slog"
	"time"
)

// maxJump is more than NTP adjusts a clock between two purges, and less than the
// lifetime of any row.
const maxJump = 5 * time.Second

// reading is the time of both clocks of a machine.
type reading struct {
	wall      time.Time
	monotonic time.Duration // since the process started, by a clock that nobody sets
}

var started = time.Now()

// readClocks is replaced by tests.
var readClocks = func() reading {
	now := time.Now()
	return reading{now.Round(0), now.Sub(started)}
}

// warnOfJump logs a warning if the wall clock, by which rows expire, was set since the
// previous reading.
func (r reading) warnOfJump(logger *slog.Logger, previous reading) {
	jump := r.wall.Sub(previous.wall) - (r.monotonic - previous.monotonic)
	if jump.Abs() > maxJump {
		logger.Warn("clock jumped", "error", "by "+jump.Round(time.Second).String()+
			": sessions and links may have ended early or late; check NTP (or did this machine sleep?)")
	}
}
