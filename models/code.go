package models

import (
	"cmp"
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/ratelimit"
	"corral/internal/totp"
)

// ErrBadCode means that a code is wrong, or was used before.
var ErrBadCode = errors.New("bad code")

// passCode runs passed, within the transaction that uses a typed code up: six digits
// are of TOTP, all else is a recovery code. It returns ErrBadCode, *RateLimited, or
// ErrBadCredentials as lock does.
func (u *User) passCode(ctx context.Context, typed string, client Client, passed func(tx *pop.Connection, f *Factor) error) error {
	var wrong error // the transaction counts it
	err := u.change(ctx, func(tx *pop.Connection) error {
		f, err := u.redeemCode(tx, typed, client)
		if errors.Is(err, ErrBadCode) {
			wrong = err
			return u.record(tx, ActivityCodeFailed, client)
		}
		if err != nil {
			return err
		}
		return passed(tx, f)
	})
	return errors.Join(err, wrong)
}

// redeemCode redeems a code of TOTP, after counting it, or a recovery code. A limit
// stops only wrong recovery codes, which have 120 bits: an attacker with the password,
// or behind the same IP, must not keep the owner out.
func (u *User) redeemCode(tx *pop.Connection, typed string, client Client) (*Factor, error) {
	buckets := loginsPerClient.OfClient(limitDigest, client.IP)
	if !totp.LooksLikeCode(typed) {
		f, err := u.redeemRecoveryCode(tx, typed, client)
		if errors.Is(err, ErrBadCode) {
			err = cmp.Or(buckets.Take(tx, Clock.Now()), err)
		}
		return f, err
	}
	buckets = append(buckets, u.wrongCodes())
	if err := buckets.Take(tx, Clock.Now()); err != nil {
		return nil, err
	}
	f, err := u.redeemTOTP(tx, typed)
	if err != nil {
		return nil, err
	}
	return f, buckets.Refund(tx, 0)
}

// wrongCodes counts the account's wrong codes of TOTP in a row, until a factor is used:
// a right password, which an attacker may have, leaves it.
func (u *User) wrongCodes() ratelimit.Bucket { return bucketOf(codesPerAccount, u.ID.String()) }
