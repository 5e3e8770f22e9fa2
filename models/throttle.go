package models

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/config"
)

// Throttled says that something was tried too often.
type Throttled struct {
	RetryAfter time.Duration // at least a second
	UntilReset bool          // in truth until a reset by mail, however long one waits
}

func (t *Throttled) Error() string { return fmt.Sprintf("throttled for %s", t.RetryAfter) }

// limit is how often something may be tried for one subject: an address, a
// device, a client. Tries are counted before they are made, in one statement
// that also decides, so that fifty at once are fifty and not one.
type limit struct {
	name string
	// most tries are allowed, within a window or in a row.
	most int
	// window is how long tries are remembered, all together; 0 is until they are cleared.
	window time.Duration
	// free tries come without a wait; each further one doubles it, from a second
	// up to maxWait. 0 is no waits.
	free int
}

// At most 100 in a row, as NIST SP 800-63B-4, 3.2.2 asks; docs/security.md has all limits.
var (
	loginsPerAddress = limit{name: "login address", most: 100, free: 5}
	loginsPerDevice  = limit{name: "login device", most: 100, free: 5}
	loginsPerClient  = limit{name: "login client", most: 10, window: 3 * time.Minute}
)

const (
	maxWait = 900 * time.Second
	// forgetAfter bounds what addresses that nobody has leave in the table.
	forgetAfter = 90 * 24 * time.Hour
)

// takeSQL counts a try unless the limit forbids it; then it returns no row.
func (l limit) takeSQL() string {
	over := "FALSE"
	if l.window > 0 {
		over = fmt.Sprintf("throttles.since_ms <= excluded.since_ms - %d", l.window.Milliseconds())
	}
	open := "0" // not "now": somebody whose now is a little earlier would be refused
	if l.free > 0 {
		open = fmt.Sprintf(`CASE WHEN throttles.tries + 1 < %[1]d THEN 0
				WHEN throttles.tries + 1 >= %[1]d + 10 THEN excluded.since_ms + %[2]d
				ELSE excluded.since_ms + 1000 * (1 << (throttles.tries + 1 - %[1]d)) END`, l.free, maxWait.Milliseconds())
	}
	return fmt.Sprintf(`
		INSERT INTO throttles (id, tries, since_ms, open_ms, forget_ms) VALUES (?, 1, ?, 0, ?)
		ON CONFLICT (id) DO UPDATE SET
			tries = CASE WHEN %[1]s THEN 1 ELSE throttles.tries + 1 END,
			since_ms = CASE WHEN %[1]s THEN excluded.since_ms ELSE throttles.since_ms END,
			open_ms = %[2]s,
			forget_ms = excluded.forget_ms
		WHERE %[1]s OR (throttles.tries < %[3]d AND throttles.open_ms <= excluded.since_ms)
		RETURNING tries`, over, open, l.most)
}

// take counts a try. It returns *Throttled when there were too many.
func (l limit) take(tx *pop.Connection, subject string) error {
	now, forget := Clock.Now(), l.window
	if forget == 0 {
		forget = forgetAfter
	}
	var taken []int
	err := tx.RawQuery(l.takeSQL(), l.key(subject), now.UnixMilli(), now.Add(forget).UnixMilli()).All(&taken)
	if err != nil {
		return fmt.Errorf("counting a try: %w", err)
	}
	if len(taken) > 0 {
		return nil
	}
	row, err := l.count(tx, subject)
	if err != nil {
		return err
	}
	if t := l.refuse(row); t != nil {
		return t
	}
	return &Throttled{RetryAfter: time.Second} // it has opened since; what was not counted is not allowed
}

// count is what was tried so far. The zero count is nothing.
type count struct {
	ID      string `db:"id"`
	Tries   int    `db:"tries"`
	SinceMS int64  `db:"since_ms"`
	OpenMS  int64  `db:"open_ms"`
}

func (l limit) count(tx *pop.Connection, subject string) (row count, err error) {
	err = tx.RawQuery("SELECT id, tries, since_ms, open_ms FROM throttles WHERE id = ?", l.key(subject)).First(&row)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("looking up a throttle: %w", err)
	}
	return row, nil
}

// refuse says how long the next try has to wait, or returns nil when it has not to.
func (l limit) refuse(c count) *Throttled {
	now, until := Clock.Now().UnixMilli(), c.OpenMS
	switch full := c.Tries >= l.most; {
	case full && l.window == 0:
		return &Throttled{RetryAfter: maxWait, UntilReset: true}
	case full:
		until = c.SinceMS + l.window.Milliseconds()
	}
	if until <= now {
		return nil
	}
	return &Throttled{RetryAfter: max(time.Duration(until-now)*time.Millisecond, time.Second)}
}

// restore undoes the count of a try that turned out well: failures in a row
// are over, those in a window stay.
func (l limit) restore(tx *pop.Connection, subject string) error {
	if l.window == 0 {
		return l.clear(tx, subject)
	}
	err := tx.RawQuery("UPDATE throttles SET tries = tries - 1 WHERE id = ? AND tries > 0", l.key(subject)).Exec()
	if err != nil {
		return fmt.Errorf("giving a try back: %w", err)
	}
	return nil
}

// clear forgets all tries.
func (l limit) clear(tx *pop.Connection, subject string) error {
	if err := tx.RawQuery("DELETE FROM throttles WHERE id = ?", l.key(subject)).Exec(); err != nil {
		return fmt.Errorf("clearing a throttle: %w", err)
	}
	return nil
}

// UseUpTries leaves the account as a hundred failed tries in a row do. It is for
// development, to see what that is like.
func (u *User) UseUpTries(ctx context.Context) error {
	return inTransaction(ctx, func(tx *pop.Connection) error {
		if err := loginsPerAddress.clear(tx, u.Email); err != nil {
			return err
		}
		now := Clock.Now()
		err := tx.RawQuery("INSERT INTO throttles (id, tries, since_ms, open_ms, forget_ms) VALUES (?, ?, ?, 0, ?)",
			loginsPerAddress.key(u.Email), loginsPerAddress.most, now.UnixMilli(), now.Add(forgetAfter).UnixMilli()).Exec()
		if err != nil {
			return fmt.Errorf("using up tries: %w", err)
		}
		return nil
	})
}

// key is a keyed digest: the table tells nobody which addresses were tried.
func (l limit) key(subject string) string {
	mac := hmac.New(sha256.New, config.DeriveKey(settings.SessionSecrets[0], "throttle subjects"))
	mac.Write([]byte(l.name + "\x00" + subject))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// clientSubject is what a client is counted by: its address, or the /64 that
// one IPv6 customer has to itself.
func clientSubject(client netip.Addr) string {
	if client.Is6() {
		prefix, _ := client.Prefix(64) // 64 is within an IPv6 address
		return prefix.String()
	}
	return client.String()
}

// inTransaction runs fn in a transaction that ends with ctx.
func inTransaction(ctx context.Context, fn func(tx *pop.Connection) error) error {
	return DB.WithContext(ctx).Transaction(fn)
}
