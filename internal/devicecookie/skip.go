package devicecookie

import (
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// whereSkips selects an account's cookies that skip now. A change of password or factor raises
// the account's credential version, which ends skips.
const whereSkips = "user_id = ? AND skip_version = ? AND skips_until > ?"

// Skips reports whether the browser of a cookie may skip the second step of an account.
func (s Store) Skips(tx *pop.Connection, userID uuid.UUID, credentialVersion int, raw string) (bool, error) {
	return exists(ofBrowser(tx, raw).Where(whereSkips, userID, credentialVersion, s.Now()))
}

// StartSkip lets the browser of a cookie skip the second step for s.Skip, or until the account's
// credential version changes.
func (s Store) StartSkip(tx *pop.Connection, userID uuid.UUID, credentialVersion int, raw, ip, userAgent string) error {
	return database.Wrap("storing a skip",
		tx.RawQuery("UPDATE device_cookies SET skips_until = ?, skip_version = ?, ip = ?, user_agent = ? WHERE token_digest IN (?) AND user_id = ?",
			s.Now().Add(s.Skip), credentialVersion, ip, userAgent, Digests(raw), userID).Exec())
}

// Skipping returns the browsers that skip the second step of an account, the latest skip first.
func (s Store) Skipping(tx *pop.Connection, userID uuid.UUID, credentialVersion int) ([]Cookie, error) {
	list, err := all(tx.Where(whereSkips, userID, credentialVersion, s.Now()))
	slices.SortFunc(list, func(a, b Cookie) int { return b.SkipsUntil.Time.Compare(a.SkipsUntil.Time) })
	return list, err
}

// EndSkip ends a browser's skip of the second step. It returns 0 if there was none.
func (s Store) EndSkip(tx *pop.Connection, userID uuid.UUID, credentialVersion int, id uuid.UUID) (ended int, err error) {
	return endSkips(tx, "id = ? AND "+whereSkips, id, userID, credentialVersion, s.Now())
}

// EndSkips is EndSkip for all browsers of an account. It returns how many skips it ended.
func (s Store) EndSkips(tx *pop.Connection, userID uuid.UUID, credentialVersion int) (ended int, err error) {
	return endSkips(tx, whereSkips, userID, credentialVersion, s.Now())
}

func endSkips(tx *pop.Connection, where string, args ...any) (int, error) {
	return database.Change(tx, "ending skips", "UPDATE device_cookies SET skips_until = NULL, ip = '', user_agent = '' WHERE "+where, args...)
}
