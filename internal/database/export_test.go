package database

import "time"

// Remedy is remedy for tests of errors that no test can provoke.
var Remedy, FileRemedy = remedy, fileRemedy

// Age makes the last write of Check older by d.
func (r *Readiness) Age(d time.Duration) { r.written = r.written.Add(-d) }
