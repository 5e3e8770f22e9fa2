package token

import (
	"github.com/gobuffalo/pop/v6"

	"corral/internal/outbox"
)

// StartLink is Start for the link of a mail that is being delivered. It returns an error that
// gives the mail up if the link was used or is void.
func (s Store) StartLink(tx *pop.Connection, q *outbox.Queue, m *outbox.Mail) error {
	raw, err := q.Token(m)
	if err != nil || raw == "" {
		return err
	}
	works, err := s.Start(tx, raw)
	if err == nil && !works {
		return outbox.Permanent(outbox.ErrDeadLink)
	}
	return err
}

// StartLinkAtIssue is StartAtIssue for the link of a mail that was given up.
func (s Store) StartLinkAtIssue(tx *pop.Connection, q *outbox.Queue, m *outbox.Mail) error {
	raw, err := q.Token(m)
	if err != nil {
		return nil // no node knew the secret of the link
	}
	return s.StartAtIssue(tx, raw)
}
