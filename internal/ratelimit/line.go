package ratelimit

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
)

const (
	lineWait = 10 * time.Second
	linePoll = 250 * time.Millisecond // finds attempts that ended on other nodes: Wake is local
	lineMost = 128                    // attempts that wait for one bucket
)

// A Line makes attempts of this process wait while a bucket is full of attempts in
// flight, some of which may be refunded. It refuses an attempt at once if a bucket is
// full of failures. Attempts that wait for the same bucket start one after the other.
// The zero Line is ready to use.
type Line struct {
	mu      sync.Mutex
	buckets map[string]*bucketLine
}

type bucketLine struct {
	waiting int
	head    chan struct{} // a semaphore: its holder is first in line
	wake    chan struct{} // tells the first in line that an attempt in flight has ended
}

// Start calls start, which starts an attempt. While attempts in flight fill a bucket, so
// that start fails, Start waits and calls start again, for at most ten seconds.
func (l *Line) Start(ctx context.Context, start func() error) error {
	err := start()
	id := fullBucket(err)
	if id == "" {
		return err
	}
	b := l.enter(id)
	if b == nil {
		return err
	}
	defer l.leave(id)
	ctx, cancel := context.WithTimeout(ctx, lineWait)
	defer cancel()
	select {
	case b.head <- struct{}{}:
		defer func() { <-b.head }()
	case <-ctx.Done():
		return err
	}
	poll := time.NewTicker(linePoll)
	defer poll.Stop()
	for {
		if err = start(); fullBucket(err) == "" {
			return err
		}
		select {
		case <-b.wake:
		case <-poll.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Attempt starts an attempt, calls use and returns the error of use. An attempt with an error
// stays counted if failed returns true for it, or if ctx was cancelled, so that disconnecting
// cannot hide a failure. Otherwise Attempt refunds it, even if ctx has timed out meanwhile. If
// a bucket is full, Attempt returns *Exceeded and does not call use.
func (l *Line) Attempt(ctx context.Context, db *pop.Connection, buckets Buckets, now func() time.Time, use func() error, failed func(err error) bool) error {
	err := l.Start(ctx, func() error {
		if err := buckets.Peek(db.WithContext(ctx), now()); err != nil { // prevents a flood of transactions
			return err
		}
		return database.InTransaction(db.WithContext(ctx), func(tx *pop.Connection) error {
			_, err := buckets.Start(tx, now())
			return err
		})
	})
	if err != nil {
		return err
	}
	defer l.Wake(buckets)
	err = use()
	detached, cancel := database.Detached(ctx)
	defer cancel()
	if err != nil && (failed(err) || errors.Is(ctx.Err(), context.Canceled)) {
		return errors.Join(err, buckets.Fail(db.WithContext(detached)))
	}
	return errors.Join(err, buckets.Refund(db.WithContext(detached), 0))
}

// fullBucket returns the ID of the bucket that attempts in flight fill, or "".
func fullBucket(err error) (id string) {
	if exceeded, ok := errors.AsType[*Exceeded](err); ok {
		return exceeded.inFlight
	}
	return ""
}

// enter returns the line of the bucket with the id, or nil if the line is full.
func (l *Line) enter(id string) *bucketLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = map[string]*bucketLine{}
	}
	b := l.buckets[id]
	if b == nil {
		b = &bucketLine{head: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
		l.buckets[id] = b
	}
	if b.waiting == lineMost {
		return nil
	}
	b.waiting++
	return b
}

func (l *Line) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[id]
	b.waiting--
	if b.waiting == 0 {
		delete(l.buckets, id)
	}
}

// Wake makes the first attempt in each bucket's line call start again. Call it when an
// attempt in flight has ended.
func (l *Line) Wake(buckets Buckets) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, bucket := range buckets {
		if b := l.buckets[bucket.ID]; b != nil {
			select {
			case b.wake <- struct{}{}:
			default:
			}
		}
	}
}
