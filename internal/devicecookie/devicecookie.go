// Package devicecookie makes browsers known to the accounts that they logged in to
// (OWASP, Slow Down Online Guessing Attacks with Device Cookies). A known browser may
// skip the second step for a while.
//
//	cookies := devicecookie.Store{Now: time.Now, Lifetime: 180 * 24 * time.Hour}
//	raw, err := cookies.Issue(tx, user.ID, cookie)    // after a login: set the cookie to raw
//	known, err := cookies.Renew(tx, user.ID, cookie)  // at the next login
//
// The cookie holds a random token for each of the last three accounts that logged in, so that
// users who share a browser do not make it unknown to each other. The table holds the SHA-256
// of a token. Delete rows after expires_at, and clear ip and user_agent after skips_until:
//
//	CREATE TABLE device_cookies (
//		id uuid PRIMARY KEY, user_id uuid NOT NULL, token_digest blob NOT NULL UNIQUE,
//		created_at timestamp NOT NULL, expires_at timestamp NOT NULL, skips_until timestamp,
//		skip_version integer NOT NULL, ip varchar(45) NOT NULL, user_agent varchar(255) NOT NULL
//	)
package devicecookie

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/secret"
)

// Cookie is a known browser of an account.
type Cookie struct {
	ID          uuid.UUID `db:"id"`
	UserID      uuid.UUID `db:"user_id"`
	TokenDigest []byte    `db:"token_digest" json:"-"`
	CreatedAt   time.Time `db:"created_at"`
	ExpiresAt   time.Time `db:"expires_at"`

	SkipsUntil  nulls.Time `db:"skips_until"`  // null: does not skip the second step
	SkipVersion int        `db:"skip_version"` // the version of the credentials when SkipsUntil was set
	IP          string     `db:"ip"`           // the client that set SkipsUntil
	UserAgent   string     `db:"user_agent"`
}

func (Cookie) TableName() string { return "device_cookies" }

// Store finds and changes device cookies.
type Store struct {
	Now      func() time.Time
	Lifetime time.Duration // starts again at each login
	Skip     time.Duration // how long a browser may skip the second step
}

// Issue makes a browser known to an account, and returns the new value of its cookie. before
// is the present value. An account knows maxBrowsers: an attacker with its password must not,
// after a new password, guess from each of thousands. Beyond that, Issue forgets the oldest browser
// that has logged in only once or, if there is none, returns before.
func (s Store) Issue(tx *pop.Connection, userID uuid.UUID, before string) (raw string, err error) {
	raw = secret.NewToken()
	issued, err := s.insert(tx, userID, raw)
	if err == nil && !issued {
		if err = s.forgetOldest(tx, userID); err == nil {
			issued, err = s.insert(tx, userID, raw)
		}
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("storing a device cookie: %w", err)
	case !issued:
		return before, nil
	}
	others, err := s.others(tx, userID, before)
	return strings.Join(append([]string{raw}, others...), "."), err
}

// Replace is Issue with a new token in place of the browser's former one, also if the account knows
// maxBrowsers that have all logged in again: an attacker may have done that. Then Replace forgets
// them.
func (s Store) Replace(tx *pop.Connection, userID uuid.UUID, before string) (raw string, err error) {
	raw, err = s.Issue(tx, userID, before)
	if err != nil || raw != before {
		return raw, errors.Join(err, s.Forget(tx, userID, before))
	}
	if err := s.Void(tx, userID); err != nil {
		return "", err
	}
	return s.Issue(tx, userID, before)
}

// others returns the tokens in a cookie that make the browser known to other accounts, but
// for the oldest of maxAccounts.
func (s Store) others(tx *pop.Connection, userID uuid.UUID, raw string) (list []string, err error) {
	if raw == "" {
		return nil, nil
	}
	known, err := all(ofBrowser(tx, raw).Where("user_id <> ? AND expires_at > ?", userID, s.Now()))
	for _, token := range tokens(raw) {
		if slices.ContainsFunc(known, func(c Cookie) bool { return bytes.Equal(c.TokenDigest, secret.TokenDigest(token)) }) {
			list = append(list, token)
		}
	}
	return list[:min(len(list), maxAccounts-1)], err
}

const maxBrowsers = 100

// insert inserts a cookie, unless the account knows maxBrowsers.
func (s Store) insert(tx *pop.Connection, userID uuid.UUID, raw string) (inserted bool, err error) {
	now := s.Now()
	n, err := tx.RawQuery(`INSERT INTO device_cookies (id, user_id, token_digest, created_at, expires_at)
		SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM device_cookies WHERE user_id = ?) < ?`,
		uuid.Must(uuid.NewV7()), userID, secret.TokenDigest(raw), now, now.Add(s.Lifetime), userID, maxBrowsers).ExecWithCount() // crypto/rand never fails
	return n > 0, err
}

// forgetOldest deletes the oldest cookie that was never renewed, if there is one.
func (s Store) forgetOldest(tx *pop.Connection, userID uuid.UUID) error {
	list, err := all(tx.Where("user_id = ?", userID))
	list = slices.DeleteFunc(list, func(c Cookie) bool { return c.ExpiresAt.Sub(c.CreatedAt) > s.Lifetime })
	if err != nil || len(list) == 0 {
		return err
	}
	oldest := slices.MinFunc(list, func(a, b Cookie) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return tx.Destroy(&oldest)
}

// maxAccounts bounds the accounts that one browser is known to.
const maxAccounts = 3

// tokens returns the tokens in a cookie; "" fills the list up to maxAccounts.
func tokens(raw string) []string {
	list := strings.SplitN(raw, ".", maxAccounts+1)
	return append(list, make([]string, maxAccounts)...)[:maxAccounts]
}

// Digests returns maxAccounts digests of a cookie's tokens. The digest of "" is in no row.
func Digests(raw string) (list [][]byte) {
	for _, token := range tokens(raw) {
		list = append(list, secret.TokenDigest(token))
	}
	return list
}

// Renew starts the lifetime of a cookie again, or returns false if its browser is not known
// to the account.
func (s Store) Renew(tx *pop.Connection, userID uuid.UUID, raw string) (known bool, err error) {
	if raw == "" {
		return false, nil
	}
	renewed, err := tx.RawQuery("UPDATE device_cookies SET expires_at = ? WHERE token_digest IN (?) AND user_id = ? AND expires_at > ?",
		s.Now().Add(s.Lifetime), Digests(raw), userID, s.Now()).ExecWithCount()
	return renewed > 0, database.Wrap("renewing a device cookie", err)
}

// Known returns the token's digest if the browser of a cookie is known to any account or, if
// accounts are given, to one of them. Otherwise it returns nil.
func (s Store) Known(tx *pop.Connection, raw string, accounts ...uuid.UUID) (digest []byte, err error) {
	query := ofBrowser(tx, raw).Where("expires_at > ?", s.Now())
	if len(accounts) > 0 {
		query = query.Where("user_id IN (?)", accounts)
	}
	list, err := all(query)
	if len(list) > 0 { // the oldest token: the same after later logins
		digest = slices.MinFunc(list, func(a, b Cookie) int { return bytes.Compare(a.ID[:], b.ID[:]) }).TokenDigest
	}
	return digest, err
}

// Of returns the known browsers of an account.
func (s Store) Of(tx *pop.Connection, userID uuid.UUID) ([]Cookie, error) {
	return all(tx.Where("user_id = ? AND expires_at > ?", userID, s.Now()))
}

// Any reports whether an account has device cookies, expired ones too.
func (s Store) Any(tx *pop.Connection, userID uuid.UUID) (bool, error) {
	return exists(tx.Where("user_id = ?", userID))
}

// Forget makes the browser of a cookie unknown to an account.
func (s Store) Forget(tx *pop.Connection, userID uuid.UUID, raw string) error {
	return database.Wrap("removing a device cookie", tx.RawQuery("DELETE FROM device_cookies WHERE token_digest IN (?) AND user_id = ?", Digests(raw), userID).Exec())
}

// Void removes the device cookies of an account.
func (s Store) Void(tx *pop.Connection, userID uuid.UUID) error {
	return database.Wrap("voiding device cookies", tx.RawQuery("DELETE FROM device_cookies WHERE user_id = ?", userID).Exec())
}

// ofBrowser selects the rows of a cookie's tokens.
func ofBrowser(tx *pop.Connection, raw string) *pop.Query {
	d := Digests(raw)
	return tx.Where("token_digest IN (?, ?, ?)", d[0], d[1], d[2])
}

func exists(query *pop.Query) (bool, error) {
	found, err := query.Exists(&Cookie{})
	return found, database.Wrap("finding a device cookie", err)
}

func all(query *pop.Query) (list []Cookie, err error) {
	err = query.All(&list)
	return list, database.Wrap("listing device cookies", err)
}
