// Package outbox queues mails in the database and delivers them by SMTP.
//
// A mail is a row of the table mails. It is written in the transaction of what
// it announces, so that a crash leaves both or neither. A worker in each process
// delivers what is due. It makes six attempts in nine hours, then it gives the
// mail up. When a worker is killed, another one delivers its mail two minutes
// later; that mail may arrive twice. The app deletes rows that are done.
//
//	queue := outbox.NewQueue(outbox.Options{Now: time.Now, Seal: seal, Open: open})
//	worker := outbox.Start(outbox.WorkerOptions{
//		DB: db, Queue: queue, Compose: compose, Logger: logger,
//		Sender: outbox.NewSMTP(smtpURL, "www.example.com", nil),
//	})
//	defer worker.Stop()
//
//	err := db.Transaction(func(tx *pop.Connection) error {
//		// … what the mail announces
//		return queue.Add(tx, outbox.Mail{Recipient: email, Template: "reset", Data: "{}"}, rawToken)
//	})
//	if err == nil {
//		queue.Wake()
//	}
//
// The migration of the table, in fizz:
//
//	create_table("mails") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("recipient", "string", {size: 254})
//		t.Column("template", "string", {size: 64})
//		t.Column("language", "string", {size: 16})
//		t.Column("data", "text", {})
//		t.Column("sealed_token", "blob", {"null": true})
//		t.Column("attempts", "integer", {})
//		t.Column("last_error", "string", {size: 255})
//		t.Column("created_at", "timestamp", {})
//		t.Column("due_at", "timestamp", {"null": true})
//		t.Column("sent_at", "timestamp", {"null": true})
//		t.Column("failed_at", "timestamp", {"null": true})
//		t.DisableTimestamps()
//	}
//	sql("CREATE INDEX mails_due_at_idx ON mails (due_at) WHERE due_at IS NOT NULL;")
package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// ErrNotFound is returned when there is no such mail, or none that is due.
var ErrNotFound = errors.New("no such mail")

// Mail is a row of the outbox.
type Mail struct {
	ID          uuid.UUID  `db:"id"`
	Recipient   string     `db:"recipient"`
	Template    string     `db:"template"`
	Language    string     `db:"language"`
	Data        string     `db:"data"`         // what else the app needs to compose it, such as JSON
	SealedToken []byte     `db:"sealed_token"` // wiped once the mail is delivered or given up
	Attempts    int        `db:"attempts"`
	LastError   string     `db:"last_error"`
	CreatedAt   time.Time  `db:"created_at"`
	DueAt       nulls.Time `db:"due_at"`    // of the next attempt; null after the last
	SentAt      nulls.Time `db:"sent_at"`   // delivered
	FailedAt    nulls.Time `db:"failed_at"` // given up
}

// Queue adds mails to the outbox and takes them out.
type Queue struct {
	options Options
	wake    chan struct{}
}

// Options are what a queue needs of the app.
type Options struct {
	Now  func() time.Time                    // the clock
	Seal func(token []byte) []byte           // encrypts a token that waits in the database
	Open func(sealed []byte) ([]byte, error) // decrypts it
}

// NewQueue returns a queue. All options are required.
func NewQueue(o Options) *Queue { return &Queue{options: o, wake: make(chan struct{}, 1)} }

// now returns the time as both databases store and compare it.
func (q *Queue) now() time.Time { return q.options.Now().UTC().Truncate(time.Microsecond) }

// Add queues m in the transaction of what it announces. The fields Recipient,
// Template, Language and Data are the caller's. rawToken, unless "", is the
// secret of the mail's link. Call Wake when tx is committed.
func (q *Queue) Add(tx *pop.Connection, m Mail, rawToken string) error {
	id, err := uuid.NewV7() // ascends, so that rows that expire together are together in the index
	if err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	now := q.now()
	m.ID, m.CreatedAt, m.DueAt = id, now, nulls.NewTime(now)
	if rawToken != "" {
		m.SealedToken = q.options.Seal([]byte(rawToken))
	}
	if err := tx.Create(&m); err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	return nil
}

// Wake lets the worker of this process look for mails at once. The workers of
// others find them within seconds.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
}

// Woken receives a value after Wake. A worker receives from it.
func (q *Queue) Woken() <-chan struct{} { return q.wake }

// Token returns the secret of the mail's link, or "".
func (q *Queue) Token(m *Mail) (rawToken string, err error) {
	if len(m.SealedToken) == 0 {
		return "", nil
	}
	token, err := q.options.Open(m.SealedToken)
	return string(token), err
}

// newest is the number of mails that Newest returns.
const newest = 50

// Newest returns the 50 newest mails, delivered or not.
func (q *Queue) Newest(ctx context.Context, db *pop.Connection) ([]Mail, error) {
	var mails []Mail
	if err := db.WithContext(ctx).Order("created_at DESC").Limit(newest).All(&mails); err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return mails, nil
}

// Find returns a mail, or ErrNotFound.
func (q *Queue) Find(ctx context.Context, db *pop.Connection, id string) (*Mail, error) {
	mailID, err := uuid.FromString(id)
	if err != nil {
		return nil, ErrNotFound
	}
	m := &Mail{}
	err = db.WithContext(ctx).Find(m, mailID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("finding a mail: %w", err)
	}
	return m, nil
}
