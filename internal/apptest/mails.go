package apptest

import (
	"testing"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/outbox"
)

// Mails returns the template names of the mails whose recipient is email, oldest first.
func Mails(t testing.TB, db *pop.Connection, email string) (templates []string) {
	t.Helper()
	query := db.Dialect.TranslateSQL("SELECT template FROM mails WHERE recipient = ? ORDER BY created_at, id")
	if err := db.Store.Select(&templates, query, email); err != nil {
		t.Fatal(err)
	}
	return templates
}

// NewestMail returns the newest mail to email that has the given template.
func NewestMail(t testing.TB, db *pop.Connection, email, template string) *outbox.Mail {
	t.Helper()
	m := &outbox.Mail{}
	if err := db.Where("recipient = ? AND template = ?", email, template).Order("created_at DESC, id DESC").First(m); err != nil {
		t.Fatalf("no %s mail to %s: %v", template, email, err)
	}
	return m
}
