package models

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// sweepEvery is how often a node looks for what is dead. Nothing waits for it.
const sweepEvery = 10 * time.Minute

// Janitor sweeps until it is stopped.
type Janitor struct {
	logger *slog.Logger
	ctx    context.Context // until it is stopped
	cancel context.CancelFunc
	done   chan struct{}
}

// StartJanitor starts the janitor of this process.
func StartJanitor(logger *slog.Logger) *Janitor {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Janitor{logger: logger, ctx: ctx, cancel: cancel, done: make(chan struct{})}
	go j.run()
	return j
}

// Stop breaks off what the janitor is doing. The next one goes on with it.
func (j *Janitor) Stop() {
	j.cancel()
	<-j.done
}

func (j *Janitor) run() {
	defer close(j.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := sweepSafely(j.ctx); err != nil && j.ctx.Err() == nil {
			j.logger.Error("sweep failed", "error", err.Error())
		}
		select {
		case <-j.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweepSafely turns a panic into an error: people can log in without a janitor.
func sweepSafely(ctx context.Context) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return Sweep(ctx)
}
