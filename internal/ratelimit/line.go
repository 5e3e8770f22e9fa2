package ratelimit

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"
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

// Start calls start, which starts an attempt. While start fails because attempts in
// flight fill a bucket, Start waits and calls it again, for at most ten seconds.
func (l *Line) Start(ctx context.Context, start func() error) error {
	err := start()
	row := fullBucket(err)
	if row == "" {
		return err
	}
	b := l.enter(row)
	if b == nil {
		return err
	}
	defer l.leave(row)
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

// Attempt starts an attempt, calls use and returns its error. The attempt stays counted
// if failed reports true for that error, else it is refunded, even if ctx has ended
// meanwhile. If a bucket is full, Attempt returns *Exceeded and does not call use.
func (l *Line) Attempt(ctx context.Context, db *pop.Connection, buckets Buckets, now func() time.Time, use func() error, failed func(err error) bool) error {
	err := l.Start(ctx, func() error {
		// Check before the transaction: prevents a flood of transactions.
		for _, b := range buckets {
			if _, refused, err := b.Peek(db.WithContext(ctx), now()); err != nil {
				return err
			} else if refused != nil {
				return refused
			}
		}
		return db.WithContext(ctx).Transaction(func(tx *pop.Connection) error {
			_, err := buckets.Start(tx, now())
			return err
		})
	})
	if err != nil {
		return err
	}
	defer l.Wake(buckets)
	detached := db.WithContext(context.WithoutCancel(ctx))
	if err = use(); err != nil && failed(err) {
		return errors.Join(err, buckets.Fail(detached))
	}
	return errors.Join(err, buckets.Refund(detached, 0))
}

// fullBucket returns the row of the bucket that attempts in flight fill, or "".
func fullBucket(err error) (row string) {
	if exceeded, ok := errors.AsType[*Exceeded](err); ok {
		return exceeded.inFlight
	}
	return ""
}

// enter returns nil if the line is full.
func (l *Line) enter(row string) *bucketLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = map[string]*bucketLine{}
	}
	b := l.buckets[row]
	if b == nil {
		b = &bucketLine{head: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
		l.buckets[row] = b
	}
	if b.waiting == lineMost {
		return nil
	}
	b.waiting++
	return b
}

func (l *Line) leave(row string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[row]
	b.waiting--
	if b.waiting == 0 {
		delete(l.buckets, row)
	}
}

// Wake makes the first attempt in each bucket's line call start again. Call it when an
// attempt in flight has ended.
func (l *Line) Wake(buckets Buckets) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, bucket := range buckets {
		if b := l.buckets[bucket.Row]; b != nil {
			select {
			case b.wake <- struct{}{}:
			default:
			}
		}
	}
}
