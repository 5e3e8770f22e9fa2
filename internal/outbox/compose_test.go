package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo/mail"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

// message returns a message without a template.
func message(to string) mail.Message {
	m := mail.NewMessage()
	m.From, m.To, m.Subject = "Corral <no-reply@corral.example>", []string{to}, "Hello"
	m.Bodies = []mail.Body{{Content: "Hello", ContentType: "text/plain; charset=utf-8"}}
	return m
}

// compose returns the Compose function of an app with the templates link, notice and
// nobody.
func compose(q *outbox.Queue) func(context.Context, *outbox.Mail) (mail.Message, error) {
	return func(_ context.Context, m *outbox.Mail) (mail.Message, error) {
		switch m.Template {
		case "link", "notice":
		case "nobody":
			return mail.Message{}, fmt.Errorf("deciding: %w", outbox.ErrNothingToSend)
		default:
			return mail.Message{}, fmt.Errorf("no mail is named %s", m.Template)
		}
		if err := json.Unmarshal([]byte(m.Data), &struct{}{}); err != nil {
			return mail.Message{}, err
		}
		rawToken, err := q.Token(m)
		if err != nil {
			return mail.Message{}, err
		}
		composed := message(m.Recipient)
		composed.SetHeader("Auto-Submitted", "auto-generated")
		composed.SetHeader("Message-ID", "<"+m.ID.String()+"@corral.example>")
		composed.Bodies = []mail.Body{
			{Content: "Token: " + rawToken, ContentType: "text/plain; charset=utf-8"},
			{Content: "<p>Token: " + rawToken, ContentType: "text/html; charset=utf-8"},
		}
		return composed, nil
	}
}

func sender(s *smtptest.Server) *outbox.SMTP {
	return outbox.NewSMTP(s.URL, "corral.example", s.Authority.Trusting())
}

func options(q *outbox.Queue, sender mail.Sender) (outbox.WorkerOptions, records) {
	log := make(records, 10000)
	return outbox.WorkerOptions{DB: db, Queue: q, Compose: compose(q), Sender: sender, Logger: slog.New(slog.NewTextHandler(log, nil))}, log
}

// idle returns a worker that delivers only when the test calls DeliverAll, and the
// worker's log.
func idle(q *outbox.Queue, sender mail.Sender) (*outbox.Worker, records) {
	o, log := options(q, sender)
	return outbox.Idle(o), log
}

// records is a log that tests can read record by record.
type records chan string

// Write sends a record. slog calls Write once for each record.
func (r records) Write(record []byte) (int, error) {
	r <- string(record)
	return len(record), nil
}

// await waits for a record with the text.
func (r records) await(t testing.TB, text string) string {
	t.Helper()
	for {
		if record := smtptest.Await(t, r); strings.Contains(record, text) {
			return record
		}
	}
}
