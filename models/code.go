package models

import (
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

// redeemCode counts the code before the check. The bucket of the account is for TOTP,
// also without a secret, and never stops a recovery code: an attacker with the
// password must not keep the owner out.
func (u *User) redeemCode(tx *pop.Connection, typed string, client Client) (f *Factor, err error) {
	buckets, redeem := loginsPerClient.OfClient(limitDigest, client.IP), u.redeemRecoveryCode
	if totp.LooksLikeCode(typed) {
		buckets, redeem = append(buckets, u.wrongCodes()), u.redeemTOTP
	}
	if err := buckets.Take(tx, Clock.Now()); err != nil {
		return nil, err
	}
	if f, err = redeem(tx, typed, client); err != nil {
		return nil, err
	}
	return f, buckets.Refund(tx, 0)
}

// wrongCodes counts the account's wrong codes of TOTP in a row, until a factor is used:
// a right password, which an attacker may have, leaves it.
func (u *User) wrongCodes() ratelimit.Bucket { return bucketOf(codesPerAccount, u.ID.String()) }
