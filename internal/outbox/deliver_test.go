package outbox_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
)

func claim(t testing.TB, q *outbox.Queue) *outbox.Mail {
	t.Helper()
	m, err := q.Claim(t.Context(), db, true)
	require.NoError(t, err)
	return m
}

func requireNothingDue(t testing.TB, q *outbox.Queue) {
	t.Helper()
	_, err := q.Claim(t.Context(), db, true)
	require.ErrorIs(t, err, outbox.ErrNotFound)
}

func TestClaim_Empty(t *testing.T) { requireNothingDue(t, newQueue(t)) }

func TestClaim_DueLongestFirst(t *testing.T) {
	q := newQueue(t)
	for _, email := range []string{"zoe@example.com", "ada@example.com", "max@example.com"} {
		add(t, q, email)
		moveClock(time.Second)
	}
	require.Equal(t, "zoe@example.com", claim(t, q).Recipient)
	require.Equal(t, "ada@example.com", claim(t, q).Recipient)
	require.Equal(t, "max@example.com", claim(t, q).Recipient)
	requireNothingDue(t, q)
}

func TestClaim_LowPriority(t *testing.T) {
	q := newQueue(t)
	put(t, outbox.Mail{Recipient: "low@example.com", Template: "notice", LowPriority: true})
	moveClock(time.Hour)
	add(t, q, "zoe@example.com")
	require.Equal(t, "zoe@example.com", claim(t, q).Recipient)
	require.Equal(t, "low@example.com", claim(t, q).Recipient)
	requireNothingDue(t, q)
}

// For two minutes, no other worker can claim a claimed mail.
func TestClaim_Lease(t *testing.T) {
	q, ctx := newQueue(t), t.Context()
	add(t, q, "zoe@example.com")
	first := claim(t, q)
	moveClock(2*time.Minute - 10*time.Second)
	requireNothingDue(t, q)
	moveClock(10 * time.Second)
	second := claim(t, q)
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, 2, second.Attempts)

	// The first worker is late. It must not overwrite what the second has recorded.
	require.NoError(t, q.RecordFailed(ctx, db, first, errors.New("late")))
	require.Empty(t, mailTo(t, "zoe@example.com").LastError)
	moveClock(time.Minute + 30*time.Second) // after a failure, the mail would be due
	requireNothingDue(t, q)
	require.NoError(t, q.RecordDelivered(ctx, db, second))
	require.NoError(t, q.RecordFailed(ctx, db, first, errors.New("late")))
	require.NoError(t, q.RecordFailed(ctx, db, second, errors.New("late")))
	moveClock(24 * time.Hour)
	requireNothingDue(t, q)
	require.Empty(t, mailTo(t, "zoe@example.com").LastError)
}

func TestDelivered_IsDone(t *testing.T) {
	q := newQueue(t)
	add(t, q, "zoe@example.com")
	m := claim(t, q)
	require.NotEmpty(t, m.SealedToken)
	require.NoError(t, q.RecordDelivered(t.Context(), db, m))
	moveClock(24 * time.Hour)
	requireNothingDue(t, q)
	m = mailTo(t, "zoe@example.com")
	require.True(t, m.DeliveredAt.Valid)
	require.Empty(t, m.SealedToken)
}

func TestFailed_RecordsAShortPrintableCause(t *testing.T) {
	q := newQueue(t)
	add(t, q, "zoe@example.com")
	require.NoError(t, q.RecordFailed(t.Context(), db, claim(t, q), errors.New("554\r\n"+strings.Repeat("é", 500))))
	cause := mailTo(t, "zoe@example.com").LastError
	require.True(t, strings.HasPrefix(cause, "554éé"), cause)
	require.LessOrEqual(t, len(cause), 255)
}

func TestQueue_Overdue(t *testing.T) {
	q := newQueue(t)
	add(t, q, "zoe@example.com")
	moveClock(2 * time.Minute)
	require.False(t, q.Overdue(mailTo(t, "zoe@example.com")))
	moveClock(2 * time.Minute)
	require.True(t, q.Overdue(mailTo(t, "zoe@example.com")))
	require.NoError(t, q.RecordDelivered(t.Context(), db, claim(t, q)))
	moveClock(time.Hour)
	require.False(t, q.Overdue(mailTo(t, "zoe@example.com")))
}

func TestClaim_EachMailOnce(t *testing.T) {
	const mails = 40
	q := newQueue(t)
	for n := range mails {
		add(t, q, fmt.Sprintf("user%d@example.com", n))
	}
	var all sync.WaitGroup
	claimed := make(chan string, 8*mails)
	for range 8 {
		all.Go(func() {
			for {
				m, err := q.Claim(t.Context(), db, true)
				if errors.Is(err, outbox.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				claimed <- m.Recipient
			}
		})
	}
	all.Wait()
	close(claimed)
	seen := map[string]bool{}
	for recipient := range claimed {
		require.False(t, seen[recipient], recipient)
		seen[recipient] = true
	}
	require.Len(t, seen, mails)
}
