package outbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
)

func TestQueue_Add(t *testing.T) {
	q := newQueue(t)
	require.NoError(t, q.Add(db, outbox.Mail{Recipient: "zoe@example.com", Template: "link", Language: "de", Data: `{"a":1}`}, rawToken))
	m := mailTo(t, "zoe@example.com")
	require.Equal(t, []string{"link", "de", `{"a":1}`}, []string{m.Template, m.Language, m.Data})
	require.WithinDuration(t, now(), m.CreatedAt, time.Minute)
	require.Equal(t, m.CreatedAt, m.DueAt.Time)
	require.Equal(t, uuid.V7, m.ID.Version())
	require.Equal(t, "sealed: "+rawToken, string(m.SealedToken))
	token, err := q.Token(m)
	require.NoError(t, err)
	require.Equal(t, rawToken, token)

	require.NoError(t, q.Add(db, outbox.Mail{Recipient: "max@example.com", Template: "notice"}, ""))
	m = mailTo(t, "max@example.com")
	require.Nil(t, m.SealedToken)
	token, err = q.Token(m)
	require.NoError(t, err)
	require.Empty(t, token)
}

func TestQueue_AddIsRolledBack(t *testing.T) {
	q := newQueue(t)
	want := errors.New("no")
	require.ErrorIs(t, db.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, q.Add(tx, outbox.Mail{Recipient: "zoe@example.com"}, ""))
		return want
	}), want)
	requireNothingDue(t, q)
}

func TestQueue_Wake(t *testing.T) {
	q := newQueue(t)
	require.Empty(t, q.Woken())
	q.Wake()
	q.Wake() // does not block without a worker
	require.Len(t, q.Woken(), 1)
	<-q.Woken()
}

func TestQueue_Newest(t *testing.T) {
	q, ctx := newQueue(t), t.Context()
	for _, email := range []string{"zoe@example.com", "max@example.com"} {
		add(t, q, email)
		moveClock(time.Second)
	}
	mails, err := q.Newest(ctx, db)
	require.NoError(t, err)
	require.Len(t, mails, 2)
	require.Equal(t, "max@example.com", mails[0].Recipient)
	found, err := q.ByID(ctx, db, mails[1].ID.String())
	require.NoError(t, err)
	require.Equal(t, "zoe@example.com", found.Recipient)
	for _, id := range []string{"", "x", uuid.Nil.String()} {
		_, err = q.ByID(ctx, db, id)
		require.ErrorIs(t, err, outbox.ErrNotFound, id)
	}
}

func TestQueue_Previews(t *testing.T) {
	q, ctx := newQueue(t), t.Context()
	add(t, q, "zoe@example.com")
	compose := func(context.Context, *outbox.Mail) (mail.Message, error) {
		return mail.Message{Bodies: []mail.Body{{Content: "text"}, {Content: "<p>text</p>"}}}, nil
	}
	list, err := q.Previews(ctx, db, compose)
	require.NoError(t, err)
	require.Len(t, list, 1)
	one, err := q.Preview(ctx, db, list[0].ID.String(), compose)
	require.NoError(t, err)
	require.Equal(t, "zoe@example.com", one.Recipient)
	require.Equal(t, []string{"text", "<p>text</p>"}, []string{one.Text, one.HTML})
	_, err = q.Preview(ctx, db, uuid.Nil.String(), compose)
	require.ErrorIs(t, err, outbox.ErrNotFound)
}
