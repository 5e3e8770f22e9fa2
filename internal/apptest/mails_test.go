package apptest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func TestMails(t *testing.T) {
	db := open(t, `CREATE TABLE mails (id UUID, recipient TEXT, template TEXT, language TEXT, data TEXT, sealed_token TEXT,
		attempts INTEGER, last_error TEXT, created_at TIMESTAMP, due_at TIMESTAMP, delivered_at TIMESTAMP, given_up_at TIMESTAMP, low_priority BOOL DEFAULT FALSE, resolved TEXT DEFAULT '')`)
	// The newest mail is inserted first, with the lowest ID: only created_at tells the order.
	for n, template := range []string{"reset", "notice", "welcome", "reset"} {
		for _, email := range []string{"ada@example.com", "bob@example.com"} {
			exec(t, db, fmt.Sprintf(`INSERT INTO mails (id, recipient, template, language, data, attempts, last_error, created_at)
				VALUES ('6ba7b810-9dad-11d1-80b4-00000000000%d', '%s', '%s', '', '', 0, '', '2026-01-01 00:00:0%d')`, n, email, template, 9-n))
		}
	}
	require.Equal(t, []string{"reset", "welcome", "notice", "reset"}, apptest.Mails(t, db, "ada@example.com"))
	require.Empty(t, apptest.Mails(t, db, "nobody@example.com"))
	m := apptest.NewestMail(t, db, "ada@example.com", "reset")
	require.Equal(t, "6ba7b810-9dad-11d1-80b4-000000000000", m.ID.String())
	require.Equal(t, "ada@example.com", m.Recipient)
}
