package outbox_test

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/outbox"
)

// migrations is the migration in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_mails.up.fizz": {Data: []byte(`
	create_table("mails") {
		t.Column("id", "uuid", {primary: true})
		t.Column("recipient", "string", {size: 254})
		t.Column("template", "string", {size: 64})
		t.Column("language", "string", {size: 16})
		t.Column("data", "text", {})
		t.Column("low_priority", "bool", {})
		t.Column("resolved", "string", {size: 64})
		t.Column("sealed_token", "blob", {"null": true})
		t.Column("attempts", "integer", {})
		t.Column("last_error", "string", {size: 255})
		t.Column("created_at", "timestamp", {})
		t.Column("due_at", "timestamp", {"null": true})
		t.Column("delivered_at", "timestamp", {"null": true})
		t.Column("given_up_at", "timestamp", {"null": true})
		t.DisableTimestamps()
	}
	sql("CREATE INDEX mails_due_at_idx ON mails (low_priority, due_at) WHERE due_at IS NOT NULL;")
`)}}

// db is the database of all tests. newQueue empties it.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

var ahead atomic.Int64

func now() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }

func moveClock(d time.Duration) { ahead.Add(int64(d)) }

// newQueue returns the queue of an empty outbox.
func newQueue(t testing.TB) *outbox.Queue {
	t.Helper()
	apptest.Empty(t, db)
	ahead.Store(0)
	return outbox.NewQueue(queueOptions)
}

var queueOptions = outbox.Options{
	Now:  now,
	Seal: func(token []byte) []byte { return append([]byte("sealed: "), token...) },
	Open: func(sealed []byte) ([]byte, error) {
		token, ok := bytes.CutPrefix(sealed, []byte("sealed: "))
		if !ok {
			return nil, errors.New("a sealed token cannot be opened: was its secret retired?")
		}
		return token, nil
	},
}

const rawToken = "the secret of a link"

// add queues a mail with a link to each recipient and wakes the worker.
func add(t testing.TB, q *outbox.Queue, recipients ...string) {
	t.Helper()
	for _, email := range recipients {
		require.NoError(t, db.Transaction(func(tx *pop.Connection) error {
			return q.Add(tx, outbox.Mail{Recipient: email, Template: "link", Data: "{}"}, rawToken)
		}))
		q.Wake()
	}
}

// put queues a mail but wakes no worker, as if another process had queued it.
func put(t testing.TB, m outbox.Mail) {
	t.Helper()
	m.CreatedAt, m.DueAt = now().UTC(), nulls.NewTime(now().UTC())
	if m.Data == "" {
		m.Data = "{}"
	}
	require.NoError(t, db.Create(&m))
}

func mailTo(t testing.TB, email string) *outbox.Mail {
	t.Helper()
	m := &outbox.Mail{}
	require.NoError(t, db.Where("recipient = ?", email).Order("created_at DESC, id DESC").First(m))
	return m
}
