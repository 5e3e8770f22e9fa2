// Package factor stores the factors of users in the table factors: passkeys, TOTP
// keys and sets of recovery codes. It keeps a removed factor, so that it can be
// restored.
//
//	list, err := factor.Of(tx, userID)
//	list.InUse().OfKind(factor.Passkey, factor.TOTP) // those that pass a second step
//
//	f := factor.NewTOTP(ring, userID, key, typed, time.Now()) // nil: the code is wrong
//	err = f.Add(tx, time.Now())
//	ok, err := f.RedeemTOTP(tx, ring, typed, time.Now())
//
//	f := &factor.Factor{UserID: userID, Kind: factor.Passkey, Name: name, CredentialID: c.ID, Data: c.Encode()}
//	err = f.Add(tx, time.Now())
//	f, err := factor.ByCredential(tx, c.ID)
//
//	set := &factor.Factor{UserID: userID, Kind: factor.Codes, Data: []byte{}}
//	err = set.Add(tx, time.Now())
//	codes, err := recovery.Issue(tx, set.ID, 10)
//
//	code := factor.Typed{UserID: userID, Code: typed, Ring: ring, Buckets: buckets, Now: time.Now}
//	f, err := code.Redeem(tx) // a TOTP code or a recovery code
//
// The caller must lock the user's row before a change: otherwise a concurrent request
// could remove a factor that this request relies on. A migration creates the table:
//
//	create_table("factors") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("user_id", "uuid", {})
//		t.Column("kind", "string", {size: 16})
//		t.Column("name", "string", {size: 64})
//		t.Column("credential_id", "blob", {"null": true})
//		t.Column("data", "blob", {})
//		t.Column("last_step", "bigint", {})
//		t.Column("created_at", "timestamp", {})
//		t.Column("last_used_at", "timestamp", {"null": true})
//		t.Column("removed_at", "timestamp", {"null": true})
//		t.Column("removed_number", "integer", {})
//		t.DisableTimestamps()
//	}
//	add_index("factors", ["user_id", "id"], {})
//	add_index("factors", "credential_id", {unique: true})
//	add_index("factors", ["kind", "id"], {})
//
// Credential IDs are unique, including those of removed passkeys: an account must not
// take over the passkey of another.
package factor

import (
	"errors"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// ErrBadCode means that a code is wrong, or was used before.
var ErrBadCode = errors.New("bad code")

// The kinds of factors.
const (
	Passkey = "passkey"
	TOTP    = "totp"
	Codes   = "codes" // a set of recovery codes
)

// Factor is a row of the table.
type Factor struct {
	ID            uuid.UUID  `db:"id"`
	UserID        uuid.UUID  `db:"user_id"`
	Kind          string     `db:"kind"`
	Name          string     `db:"name"`                   // the name of a passkey
	CredentialID  []byte     `db:"credential_id" json:"-"` // the ID of a passkey; null for other kinds
	Data          []byte     `db:"data" json:"-"`          // the credential of a passkey, or a TOTP key, encrypted
	LastStep      int64      `db:"last_step"`              // the step of the newest accepted TOTP code
	CreatedAt     time.Time  `db:"created_at"`
	LastUsedAt    nulls.Time `db:"last_used_at"`
	RemovedAt     nulls.Time `db:"removed_at"`     // null while the factor is in use
	RemovedNumber int        `db:"removed_number"` // the number of the last change that removed it; 0 if none did
}

// InUse reports whether the factor is in use: not removed.
func (f *Factor) InUse() bool { return !f.RemovedAt.Valid }

// NullID returns the ID for columns that may be null.
func (f *Factor) NullID() uuid.NullUUID { return uuid.NullUUID{UUID: f.ID, Valid: true} }

// Add stores a new factor, and sets its ID.
func (f *Factor) Add(tx *pop.Connection, now time.Time) error {
	f.ID, f.CreatedAt = uuid.Must(uuid.NewV7()), now // crypto/rand never fails
	return database.Wrap("storing a factor", tx.Create(f))
}

// Remove takes the factor out of use, by the change with the number.
func (f *Factor) Remove(tx *pop.Connection, now time.Time, number int) error {
	f.RemovedAt, f.RemovedNumber = nulls.NewTime(now), number
	return f.update(tx, "removing a factor", "removed_at", "removed_number")
}

// Restore takes a removed factor into use again. If a user can have only one factor of the
// kind, the caller must remove another one first.
func (f *Factor) Restore(tx *pop.Connection) error {
	f.RemovedAt = nulls.Time{}
	return f.update(tx, "restoring a factor", "removed_at")
}

// Use records that the factor was used, and reports whether it was the first time.
func (f *Factor) Use(tx *pop.Connection, now time.Time) (first bool, err error) {
	first = !f.LastUsedAt.Valid
	f.LastUsedAt = nulls.NewTime(now)
	return first, f.update(tx, "using a factor", "last_used_at")
}

func (f *Factor) update(tx *pop.Connection, what string, columns ...string) error {
	return database.Wrap(what, tx.UpdateColumns(f, columns...))
}
