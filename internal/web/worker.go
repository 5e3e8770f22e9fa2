package web

import (
	"fmt"
	"time"

	"github.com/gobuffalo/buffalo/worker"
)

// Worker is a worker whose Stop waits at most Within for running jobs. Buffalo's Stop
// waits forever if a running job starts another job.
type Worker struct {
	worker.Worker
	Within time.Duration
}

// NewWorker returns a Worker that waits ten seconds.
func NewWorker(w worker.Worker) Worker { return Worker{w, 10 * time.Second} }

func (w Worker) Stop() error {
	stopped := make(chan error, 1)
	go func() { stopped <- w.Worker.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(w.Within):
		return fmt.Errorf("a job of the worker did not end within %v", w.Within)
	}
}
