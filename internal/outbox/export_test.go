package outbox

import (
	"context"
	"time"
)

var ErrSlow = errSlow

const Lease time.Duration = lease

// Idle returns a worker that delivers when DeliverAll is called.
func Idle(o WorkerOptions) *Worker { return newWorker(o) }

// DeliverAll delivers until nothing is due.
func (w *Worker) DeliverAll(ctx context.Context) {
	for {
		w.deliverDue(ctx)
		w.deliveries.Wait()
		select {
		case <-w.freed:
		default:
			return
		}
	}
}

// NoteFor shortens the time within which an outcome is recorded.
func (w *Worker) NoteFor(d time.Duration) { w.noteFor = d }

// What bounds the deliveries of a worker.
const (
	AtOnce    = atOnce
	LowAtOnce = lowAtOnce
)

// Cancel is Stop without waiting.
func (w *Worker) Cancel() { w.cancel() }
