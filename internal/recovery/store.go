package recovery

import (
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// row is one code of a set.
type row struct {
	ID       uuid.UUID  `db:"id"`
	FactorID uuid.UUID  `db:"factor_id"`
	Digest   []byte     `db:"digest"`
	UsedAt   nulls.Time `db:"used_at"`
}

func (row) TableName() string { return "recovery_codes" }

// Issue makes count codes, stores their digests as a set, and returns the codes.
func Issue(tx *pop.Connection, set uuid.UUID, count int) (codes []string, err error) {
	for range count {
		code := New()
		id := uuid.Must(uuid.NewV7()) // crypto/rand never fails
		if err := tx.Create(&row{ID: id, FactorID: set, Digest: Digest(code)}); err != nil {
			return nil, fmt.Errorf("storing a recovery code: %w", err)
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// Redeem marks a typed code of a set as used. ok is false if the set has no such code,
// or if the code was used before, perhaps by a concurrent call.
func Redeem(tx *pop.Connection, set uuid.UUID, typed string, now time.Time) (ok bool, err error) {
	used, err := tx.RawQuery("UPDATE recovery_codes SET used_at = ? WHERE factor_id = ? AND digest = ? AND used_at IS NULL",
		now, set, Digest(typed)).ExecWithCount()
	return used > 0, database.Wrap("redeeming a recovery code", err)
}

// Has reports whether Redeem would find a typed code of a set. It redeems nothing.
func Has(tx *pop.Connection, set uuid.UUID, typed string) (bool, error) {
	found, err := tx.Where("factor_id = ? AND digest = ? AND used_at IS NULL", set, Digest(typed)).Count(&row{})
	return found > 0, database.Wrap("looking up a recovery code", err)
}

// Left returns the number of unused codes of a set.
func Left(tx *pop.Connection, set uuid.UUID) (int, error) {
	left, err := tx.Where("factor_id = ? AND used_at IS NULL", set).Count(&row{})
	return left, database.Wrap("counting recovery codes", err)
}
