package models

import (
	"context"
	"fmt"
	"strings"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// try is one use of credentials. It is counted, and noted as failed, before the
// password is looked at: who hangs up while it is hashed hides nothing.
type try struct {
	budgets []budget
	id      uuid.UUID // of its activity
}

// begin counts a try. One that is refused costs one look-up, and leaves nothing.
func (with Credentials) begin(ctx context.Context, kind string) (*try, error) {
	email, ok := NormalizeEmail(with.Email)
	subject := email
	if !ok { // no account has it, nor can every database look for it; it is counted as if there were one
		subject = strings.ToLower(strings.TrimSpace(with.Email))
	}
	budgets, err := openBudgets(ctx, email, subject, with.From)
	if err != nil {
		return nil, err
	}
	t := &try{budgets: budgets}
	return t, inTransaction(ctx, func(tx *pop.Connection) error {
		// First, for it locks the account's row before the counters', as Delete does.
		if t.id, err = recordTry(tx, email, kind, with.From); err != nil {
			return err
		}
		for _, b := range t.budgets {
			if err := b.take(tx, b.subject); err != nil {
				return err
			}
		}
		return nil
	})
}

// turnedOut gives back what a good try has spent, and notes what it was.
func (t *try) turnedOut(tx *pop.Connection, kind string) error {
	if err := tx.RawQuery("UPDATE activities SET kind = ? WHERE id = ?", kind, t.id).Exec(); err != nil {
		return fmt.Errorf("recording %s: %w", kind, err)
	}
	return t.giveBack(tx)
}

// forget gives back what a good try has spent, and leaves no note of it.
func (t *try) forget(tx *pop.Connection) error {
	if err := tx.RawQuery("DELETE FROM activities WHERE id = ?", t.id).Exec(); err != nil {
		return fmt.Errorf("forgetting a try: %w", err)
	}
	return t.giveBack(tx)
}

func (t *try) giveBack(tx *pop.Connection) error {
	for _, b := range t.budgets {
		if err := b.restore(tx, b.subject); err != nil {
			return err
		}
	}
	return nil
}

// budget is what a try is counted by.
type budget struct {
	limit
	subject string
}

// openBudgets are what a try takes from: a client's and an address's, or that
// of a device which has signed in to this account before. A stranger who uses
// up the address's does not use up the device's. It returns *Throttled when
// there is nothing left to take.
func openBudgets(ctx context.Context, email, subject string, from Origin) ([]budget, error) {
	device := budget{loginsPerDevice, string(tokenDigest(from.RawDevice))}
	client := budget{loginsPerClient, clientSubject(from.Client)}
	address := budget{loginsPerAddress, subject}
	counts, known, err := lookUpBudgets(ctx, email, from.RawDevice, device.id(), client.id(), address.id())
	if err != nil {
		return nil, err
	}
	budgets := []budget{client, address}
	if known {
		budgets = []budget{device}
	}
	var longest *Throttled
	for _, b := range budgets {
		if t := b.refuse(counts[b.id()]); t != nil && (longest == nil || t.RetryAfter > longest.RetryAfter) {
			longest = t
		}
	}
	if longest != nil { // not returned as it is: a nil *Throttled is an error that is not nil
		return nil, longest
	}
	return budgets, nil
}

func (b budget) id() string { return b.key(b.subject) }

// lookUpBudgets reads all that decides whether a try is let through, in one
// statement: counters by their ids, and whether the device is known.
func lookUpBudgets(ctx context.Context, email, rawDevice string, ids ...any) (counts map[string]count, knownDevice bool, err error) {
	const device = "device"
	var rows []count
	err = DB.WithContext(ctx).RawQuery(`
		SELECT id, tries, since_ms, open_ms FROM throttles WHERE id IN (?, ?, ?)
		UNION ALL
		SELECT '`+device+`', 0, 0, 0 FROM devices JOIN users ON users.id = devices.user_id
		WHERE devices.token_digest = ? AND devices.expires_at > ? AND users.email = ?`,
		append(ids, tokenDigest(rawDevice), Clock.Now(), email)...).All(&rows)
	if err != nil {
		return nil, false, fmt.Errorf("looking up throttles: %w", err)
	}
	counts = map[string]count{}
	for _, row := range rows {
		counts[row.ID] = row
	}
	_, knownDevice = counts[device]
	return counts, knownDevice, nil
}
