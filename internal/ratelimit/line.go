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
	linePoll = 250 * time.Millisecond // for attempts that end on other nodes
	lineMost = 128                    // attempts that wait for a bucket
)

// A Line has attempts of this process wait, bucket by bucket, while attempts in
// flight may still make room: one for which a bucket is full of failures is
// refused at once. The zero Line is ready to use.
type Line struct {
	mu      sync.Mutex
	buckets map[string]*bucketLine
}

type bucketLine struct {
	waiting int
	head    chan struct{} // holds a value while an attempt is first
	wake    chan struct{}
}

// Try calls try, which starts an attempt, until it returns another error than
// that attempts in flight fill a bucket, for at most ten seconds.
func (l *Line) Try(ctx context.Context, try func() error) error {
	err := try()
	row := inFlight(err)
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
		if err = try(); inFlight(err) == "" {
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

// Attempt runs try as an attempt in flight. It leaves it counted if failed reports
// that its error is a failure, and takes it off otherwise, although the client may
// be gone. It returns *Exceeded after a query if a bucket is full.
func (l *Line) Attempt(ctx context.Context, db *pop.Connection, buckets Buckets, now func() time.Time, try func() error, failed func(err error) bool) error {
	err := l.Try(ctx, func() error {
		for _, b := range buckets { // without a transaction, of which attackers could begin many
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
	ended := db.WithContext(context.WithoutCancel(ctx))
	if err = try(); err != nil && failed(err) {
		return errors.Join(err, buckets.Fail(ended))
	}
	return errors.Join(err, buckets.Refund(ended, 0))
}

func inFlight(err error) (row string) {
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

// Wake has the first attempt of each bucket try again: one in flight has ended.
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
