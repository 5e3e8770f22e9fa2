package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// Cancel removes a mail that is not delivered yet. It returns no error if the mail does
// not exist or was delivered.
func (q *Queue) Cancel(tx *pop.Connection, id uuid.UUID) error {
	return database.Wrap("cancelling a mail", tx.RawQuery("DELETE FROM mails WHERE id = ? AND delivered_at IS NULL", id).Exec())
}

// Once returns ErrNothingToSend if a mail with the template and recipient of m was
// delivered within the given period, or if an older one is queued. Call it in the
// function that Resolve calls. A mail that Once dropped does not count as delivered in
// later calls.
func (q *Queue) Once(ctx context.Context, db *pop.Connection, m *Mail, period time.Duration) error {
	repeats, err := db.WithContext(ctx).Where("recipient = ? AND template = ? AND (resolved = ? AND delivered_at > ? OR due_at IS NOT NULL AND id < ?)",
		m.Recipient, m.Template, m.Template, q.now().Add(-period), m.ID).Exists(&Mail{})
	if err != nil {
		return fmt.Errorf("finding a mail: %w", err)
	}
	if repeats {
		return ErrNothingToSend
	}
	return nil
}
