package outbox

import (
	"context"
	"time"
)

var ErrSlow = errSlow

const Lease time.Duration = lease

// Idle returns a worker that delivers when DeliverAll is called.
func Idle(o WorkerOptions) *Worker { return &Worker{options: o} }

func (w *Worker) DeliverAll(ctx context.Context) { w.deliverAll(ctx) }

// Cancel is Stop without waiting.
func (w *Worker) Cancel() { w.cancel() }
