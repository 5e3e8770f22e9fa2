package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/gobuffalo/pop/v6"
)

// ErrNothingToSend is returned by a Compose function for a mail that nobody is
// to get. The mail counts as delivered, and the log does not mention it.
var ErrNothingToSend = errors.New("nothing to send")

// errBrokenOff is the cause of giving a mail up that may crash the process: all
// that such an attempt leaves is its number.
var errBrokenOff = errors.New("every attempt was broken off, as by a crash")

// WorkerOptions are what a worker needs.
type WorkerOptions struct {
	DB     *pop.Connection
	Queue  *Queue
	Logger *slog.Logger

	// Compose makes the message of a mail at the moment of its delivery. It decides
	// by what the app knows then: it may change m, or return ErrNothingToSend.
	Compose func(ctx context.Context, m *Mail) (mail.Message, error)

	// Sender delivers a message. Nil delivers none: the mails stay in the outbox.
	Sender mail.Sender

	// Every is how often the worker looks for mails that are due again, and for
	// those of other processes. Zero means five seconds.
	Every time.Duration
}

// Worker delivers mails until it is stopped.
type Worker struct {
	options WorkerOptions
	cancel  context.CancelFunc
	done    chan struct{}
}

// Start starts a worker. A process needs one; more than one do no harm.
func Start(o WorkerOptions) *Worker {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Worker{options: o, cancel: cancel, done: make(chan struct{})}
	if o.Sender == nil {
		close(w.done)
		return w
	}
	go w.run(ctx)
	return w
}

// Stop stops the worker when it has finished the mail at hand.
func (w *Worker) Stop() {
	w.cancel()
	<-w.done
}

func (w *Worker) run(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(cmp.Or(w.options.Every, 5*time.Second))
	defer tick.Stop()
	for {
		w.deliverAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.options.Queue.Woken():
		}
	}
}

// deliverAll delivers what is due, one mail after the other.
func (w *Worker) deliverAll(ctx context.Context) {
	for ctx.Err() == nil {
		m, err := w.options.Queue.Claim(ctx, w.options.DB)
		if errors.Is(err, ErrNotFound) {
			return
		}
		if err != nil {
			w.options.Logger.Error("mail cannot be claimed", "error", err.Error())
			return
		}
		// The mail at hand is finished although the process is stopping.
		if err := w.deliver(context.WithoutCancel(ctx), m); err != nil {
			w.options.Logger.Error("mail outcome cannot be noted", "mail_id", m.ID.String(), "error", err.Error())
		}
	}
}

func (w *Worker) deliver(ctx context.Context, m *Mail) error {
	queue, logger := w.options.Queue, w.options.Logger.With("mail_id", m.ID.String())
	err := w.send(ctx, m)
	if err != nil && !errors.Is(err, ErrNothingToSend) {
		reason := strings.ReplaceAll(err.Error(), m.Recipient, "(recipient)") // the log names no user; the row does
		logger.Error("mail not sent", "template", m.Template, "attempt", m.Attempts, "error", reason)
		return queue.Failed(ctx, w.options.DB, m, err)
	}
	if err == nil {
		logger.Info("mail sent", "template", m.Template)
	}
	return queue.Delivered(ctx, w.options.DB, m)
}

// send turns a panic into an error, so that the mail that causes it is given up
// in the end and does not stop the others.
func (w *Worker) send(ctx context.Context, m *Mail) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if m.Attempts > len(waits)+1 { // the last one would have delivered it, or given it up
		return errBrokenOff
	}
	message, err := w.options.Compose(ctx, m)
	if err != nil {
		return err
	}
	return w.options.Sender.Send(message)
}
