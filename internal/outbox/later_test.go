package outbox_test

import (
	"testing"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
)

// addLater queues a mail that is due in five minutes.
func addLater(t *testing.T, q *outbox.Queue, email string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	require.NoError(t, q.Add(db, outbox.Mail{ID: id, Recipient: email, Template: "alarm", Data: "{}", DueAt: nulls.NewTime(now().Add(5 * time.Minute))}, rawToken))
	return id
}

func TestQueue_AddLater(t *testing.T) {
	q := newQueue(t)
	id := addLater(t, q, "zoe@example.com")
	moveClock(5*time.Minute - 5*time.Second)
	requireNothingDue(t, q)
	moveClock(5 * time.Second)
	require.Equal(t, id, claim(t, q).ID)
}

func TestQueue_Cancel(t *testing.T) {
	q := newQueue(t)
	first, second := addLater(t, q, "zoe@example.com"), addLater(t, q, "max@example.com")
	require.NoError(t, q.Cancel(db, first))
	require.NoError(t, q.Cancel(db, first), "again")
	moveClock(5 * time.Minute)
	m := claim(t, q)
	require.Equal(t, second, m.ID)
	requireNothingDue(t, q)
	require.NoError(t, q.RecordDelivered(t.Context(), db, m))
	require.NoError(t, q.Cancel(db, second))
	require.True(t, mailTo(t, "max@example.com").DeliveredAt.Valid, "the mail was delivered before Cancel")
}

func TestQueue_Once(t *testing.T) {
	q, ctx := newQueue(t), t.Context()
	deliver := func(m *outbox.Mail) error {
		err := q.Resolve(ctx, db, m, func() error { return q.Once(ctx, db, m, 24*time.Hour) })
		require.NoError(t, q.RecordDelivered(ctx, db, m))
		return err
	}
	for range 3 {
		addLater(t, q, "zoe@example.com")
	}
	addLater(t, q, "max@example.com")
	add(t, q, "zoe@example.com") // a mail of another template
	require.NoError(t, deliver(claim(t, q)))
	moveClock(5 * time.Minute)
	claimed := map[string][]*outbox.Mail{}
	for range 4 {
		m := claim(t, q)
		claimed[m.Recipient] = append(claimed[m.Recipient], m)
	}
	first, second, third := claimed["zoe@example.com"][0], claimed["zoe@example.com"][1], claimed["zoe@example.com"][2]
	require.ErrorIs(t, deliver(second), outbox.ErrNothingToSend, "an older mail is being delivered")
	require.NoError(t, deliver(first))
	require.ErrorIs(t, deliver(third), outbox.ErrNothingToSend, "another mail was delivered")
	require.NoError(t, deliver(claimed["max@example.com"][0]), "to another recipient")

	moveClock(20 * time.Hour)
	addLater(t, q, "zoe@example.com")
	moveClock(5 * time.Minute)
	require.ErrorIs(t, deliver(claim(t, q)), outbox.ErrNothingToSend)
	moveClock(4 * time.Hour)
	addLater(t, q, "zoe@example.com")
	moveClock(5 * time.Minute)
	require.NoError(t, deliver(claim(t, q)), "a dropped mail does not count")
}
