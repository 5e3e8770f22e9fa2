package database

import "time"

// Age makes the last write of Check older by d.
func (r *Readiness) Age(d time.Duration) { r.written = r.written.Add(-d) }
