package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Cancel removes a mail that was added with a later DueAt, unless it was delivered.
// It is no error if there is none.
func (q *Queue) Cancel(tx *pop.Connection, id uuid.UUID) error {
	if err := tx.RawQuery("DELETE FROM mails WHERE id = ? AND delivered_at IS NULL", id).Exec(); err != nil {
		return fmt.Errorf("canceling a mail: %w", err)
	}
	return nil
}

// Once returns ErrNothingToSend if a mail of the same template was delivered to the
// recipient of m within the last while, or an older one is about to be. Call it
// within Resolve: what was dropped does not count.
func (q *Queue) Once(ctx context.Context, db *pop.Connection, m *Mail, while time.Duration) error {
	repeats, err := db.WithContext(ctx).Where("recipient = ? AND template = ? AND (resolved = ? AND delivered_at > ? OR due_at IS NOT NULL AND id < ?)",
		m.Recipient, m.Template, m.Template, q.now().Add(-while), m.ID).Exists(&Mail{})
	if err != nil {
		return fmt.Errorf("finding a mail: %w", err)
	}
	if repeats {
		return ErrNothingToSend
	}
	return nil
}
