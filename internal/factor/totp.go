package factor

import (
	"log/slog"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/secret"
	"corral/internal/totp"
)

// NewTOTP returns a factor for a key, which it encrypts for the user. It returns nil if the
// code that the user typed does not match. A code that matches is redeemed.
func NewTOTP(ring secret.Ring, userID uuid.UUID, key []byte, typed string, now time.Time) *Factor {
	step, ok := totp.Match(key, typed, now)
	if !ok {
		return nil
	}
	return &Factor{UserID: userID, Kind: TOTP, Data: ring.Seal(purposeOf(userID), key), LastStep: step}
}

// RedeemTOTP reports whether a typed code matches and was not redeemed before. It compares
// and stores the step of the code in one statement: prevents replays, also on another
// node.
func (f *Factor) RedeemTOTP(tx *pop.Connection, ring secret.Ring, typed string, now time.Time) (ok bool, err error) {
	key, err := ring.Open(purposeOf(f.UserID), f.Data)
	if err != nil { // recovery codes still work
		slog.ErrorContext(tx.Context(), "a TOTP key cannot be opened", "error", err)
	}
	step, ok := totp.Match(key, typed, now) // false if the key is empty
	if !ok {
		return false, nil
	}
	// Encrypt the key again, with the newest secret, so that the operator can remove older
	// ones.
	redeemed, err := tx.RawQuery("UPDATE factors SET last_step = ?, data = ? WHERE id = ? AND last_step < ?",
		step, ring.Seal(purposeOf(f.UserID), key), f.ID, step).ExecWithCount()
	return redeemed > 0, database.Wrap("redeeming a code", err)
}

// KeyLost reports whether the list has a TOTP key that no secret of the ring opens.
func (l List) KeyLost(ring secret.Ring) bool {
	return slices.ContainsFunc(l, func(f Factor) bool {
		_, err := ring.Open(purposeOf(f.UserID), f.Data)
		return f.Kind == TOTP && err != nil
	})
}

// purposeOf returns the purpose for encrypting the key of a user. Prevents the use of a key
// that was copied to the row of another user.
func purposeOf(userID uuid.UUID) string { return "totp of " + userID.String() }
