package devicecookie

import (
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// skipping selects an account's cookies that skip now. The version is that of the account's
// credentials: a change of password or factor ends skips.
const skipping = "user_id = ? AND skip_version = ? AND skips_until > ?"

// Skips reports whether the browser of a cookie may skip the second step of an account.
func (s Store) Skips(tx *pop.Connection, userID uuid.UUID, version int, raw string) (bool, error) {
	return exists(ofBrowser(tx, raw).Where(skipping, userID, version, s.Now()))
}

// StartSkip lets the browser of a cookie skip the second step from now on.
func (s Store) StartSkip(tx *pop.Connection, userID uuid.UUID, version int, raw, ip, userAgent string) error {
	return database.Wrap("skipping the second step",
		tx.RawQuery("UPDATE device_cookies SET skips_until = ?, skip_version = ?, ip = ?, user_agent = ? WHERE token_digest IN (?) AND user_id = ?",
			s.Now().Add(s.Skip), version, ip, userAgent, Digests(raw), userID).Exec())
}

// Skipping returns the browsers that skip the second step of an account, newest first.
func (s Store) Skipping(tx *pop.Connection, userID uuid.UUID, version int) ([]Cookie, error) {
	list, err := all(tx.Where(skipping, userID, version, s.Now()))
	slices.SortFunc(list, func(a, b Cookie) int { return b.SkipsUntil.Time.Compare(a.SkipsUntil.Time) })
	return list, err
}

// EndSkip ends a browser's skip of the second step. It returns 0 if there was none.
func (s Store) EndSkip(tx *pop.Connection, userID uuid.UUID, version int, id uuid.UUID) (ended int, err error) {
	return endSkips(tx, "id = ? AND "+skipping, id, userID, version, s.Now())
}

// EndSkips is EndSkip for all browsers of an account. It returns how many browsers skipped.
func (s Store) EndSkips(tx *pop.Connection, userID uuid.UUID, version int) (ended int, err error) {
	return endSkips(tx, skipping, userID, version, s.Now())
}

func endSkips(tx *pop.Connection, where string, args ...any) (int, error) {
	return database.Change(tx, "ending skips", "UPDATE device_cookies SET skips_until = NULL, ip = '', user_agent = '' WHERE "+where, args...)
}
