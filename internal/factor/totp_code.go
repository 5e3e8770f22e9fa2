package factor

import (
	"cmp"
	"errors"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/ratelimit"
	"corral/internal/recovery"
	"corral/internal/secret"
	"corral/internal/totp"
)

// Typed is a code that a user typed. Six digits are a TOTP code, all else is a recovery code.
type Typed struct {
	UserID  uuid.UUID
	Code    string
	Ring    secret.Ring       // opens the TOTP key
	Buckets ratelimit.Buckets // count the code
	Now     func() time.Time
}

// Peek returns *ratelimit.Exceeded if Redeem would do so. Prevents a flood of transactions,
// each of which would lock the user's row.
func (t Typed) Peek(tx *pop.Connection) error {
	limited := t.Buckets.Peek(tx, t.Now())
	if limited == nil || totp.LooksLikeCode(t.Code) {
		return limited
	}
	set, err := t.factor(tx, Codes)
	if err != nil || set == nil {
		return cmp.Or(err, limited)
	}
	if right, err := recovery.Has(tx, set.ID, t.Code); err != nil || right {
		return err
	}
	return limited
}

// Redeem redeems the code and returns its factor. It counts TOTP codes and wrong recovery codes,
// and refunds right ones. It returns *ratelimit.Exceeded or ErrBadCode. After ErrBadCode the
// transaction must commit, so that the code stays counted. A rate limit never stops a right
// recovery code, which has 120 bits: an attacker with the password, or with the same IP, must
// not keep the owner out.
func (t Typed) Redeem(tx *pop.Connection) (*Factor, error) {
	if !totp.LooksLikeCode(t.Code) {
		if f, err := t.redeem(tx, Codes); !errors.Is(err, ErrBadCode) {
			return f, err
		}
	}
	if _, err := t.Buckets.Start(tx, t.Now()); err != nil {
		return nil, err
	}
	f, err := (*Factor)(nil), ErrBadCode
	if totp.LooksLikeCode(t.Code) {
		f, err = t.redeem(tx, TOTP)
	}
	switch {
	case err == nil:
		err = t.Buckets.Refund(tx, 0)
	case errors.Is(err, ErrBadCode):
		err = cmp.Or(t.Buckets.Fail(tx), err)
	}
	return f, err
}

// redeem redeems the code of the user's factor of a kind, and counts nothing.
func (t Typed) redeem(tx *pop.Connection, kind string) (*Factor, error) {
	f, err := t.factor(tx, kind)
	if err != nil || f == nil {
		return nil, cmp.Or(err, ErrBadCode)
	}
	ok := false
	if kind == TOTP {
		ok, err = f.RedeemTOTP(tx, t.Ring, t.Code, t.Now())
	} else {
		ok, err = recovery.Redeem(tx, f.ID, t.Code, t.Now())
	}
	if err != nil || !ok {
		return nil, cmp.Or(err, ErrBadCode)
	}
	return f, nil
}

func (t Typed) factor(tx *pop.Connection, kind string) (*Factor, error) {
	list, err := Of(tx, t.UserID)
	return list.InUse().OfKind(kind).Oldest(), err
}
