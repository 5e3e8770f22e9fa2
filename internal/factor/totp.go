package factor

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
	"corral/internal/totp"
)

// NewTOTP returns a factor of a key, sealed for the user, or nil if the code that the
// user typed does not match. The code is redeemed.
func NewTOTP(ring secret.Ring, userID uuid.UUID, key []byte, typed string, now time.Time) *Factor {
	step, ok := totp.Match(key, typed, now)
	if !ok {
		return nil
	}
	return &Factor{UserID: userID, Kind: TOTP, Data: ring.Seal(purposeOf(userID), key), LastStep: step}
}

// RedeemTOTP reports whether a typed code is that of the secret and was not redeemed
// before. One statement compares and stores its step: prevents replay, also on another
// node.
func (f *Factor) RedeemTOTP(tx *pop.Connection, ring secret.Ring, typed string, now time.Time) (ok bool, err error) {
	key, err := ring.Open(purposeOf(f.UserID), f.Data)
	if err != nil { // recovery codes still work
		slog.ErrorContext(tx.Context(), "a TOTP secret cannot be opened", "error", err)
	}
	step, ok := totp.Match(key, typed, now) // never of no key
	if !ok {
		return false, nil
	}
	// Sealed again: an older secret of the operator may be retired some day.
	redeemed, err := tx.RawQuery("UPDATE factors SET last_step = ?, data = ? WHERE id = ? AND last_step < ?",
		step, ring.Seal(purposeOf(f.UserID), key), f.ID, step).ExecWithCount()
	if err != nil {
		return false, fmt.Errorf("redeeming a code: %w", err)
	}
	return redeemed > 0, nil
}

// purposeOf seals a key for its user: it is of no use in another's row.
func purposeOf(userID uuid.UUID) string { return "totp of " + userID.String() }
