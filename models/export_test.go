package models

import (
	"context"
	"testing"
)

// HoldHashing takes every place to hash at, so that whoever wants to hash a
// password waits until fn is done.
func HoldHashing(fn func()) {
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	defer func() {
		for range cap(hashing) {
			<-hashing
		}
	}()
	fn()
}

// SweepBatch is how many rows the janitor changes at once.
const SweepBatch = sweepBatch

// BetweenBatches does something whenever the janitor lets others have the database.
func BetweenBatches(t testing.TB, do func()) {
	before := betweenBatches
	betweenBatches = func(context.Context) { do() }
	t.Cleanup(func() { betweenBatches = before })
}

// Stopping says whether the janitor was told to stop.
func (j *Janitor) Stopping() bool { return j.ctx.Err() != nil }
