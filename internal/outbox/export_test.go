package outbox

import (
	"context"
	"time"
)

var ErrSlow = errSlow

const Lease time.Duration = lease

// Idle returns a worker that delivers only when DeliverAll is called.
func Idle(o WorkerOptions) *Worker { return newWorker(o) }

// DeliverAll delivers until no mail is due.
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

// ComposeFor shortens the time within which a mail is composed.
func (w *Worker) ComposeFor(d time.Duration) { w.composeFor = d }

// RecordFor shortens the time within which an outcome is recorded.
func (w *Worker) RecordFor(d time.Duration) { w.recordFor = d }

// These are the limits of concurrent deliveries.
const (
	MaxDeliveries    = maxDeliveries
	MaxLowDeliveries = maxLowDeliveries
)

// Cancel is Stop without waiting.
func (w *Worker) Cancel() { w.cancel() }
