package models

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/factor"
	"corral/internal/ratelimit"
	"corral/internal/totp"
)

// codesPerAccount never locks: an attacker with the password would lock the owner out.
// The longest wait allows 96 codes a day, of a million.
var codesPerAccount = ratelimit.Limit{Name: "codes account", Most: math.MaxInt, Free: 5}

// codesForLinks limits the codes that end links. Nothing clears its bucket: an attacker in sudo
// could add a passkey, and log in with it to clear wrongCodes.
var codesForLinks = ratelimit.Limit{Name: "codes links", Most: 10, Window: 24 * time.Hour}

// wrongCodes is the bucket of the account's wrong codes. Only a login by a factor
// clears it, and no new SESSION_SECRET: an attacker may have the password.
func (u *User) wrongCodes() ratelimit.Bucket {
	return ratelimit.Bucket{Limit: codesPerAccount, ID: "codes " + u.ID.String()}
}

// passCode uses a typed code up, and runs passed in the same transaction. Six digits are a
// TOTP code, all else is a recovery code. More buckets count it, too. It returns ErrBadCode,
// *RateLimited, or ErrBadCredentials if the account changed meanwhile.
func (u *User) passCode(ctx context.Context, typed string, client Client, passed func(tx *pop.Connection, f *Factor) error, more ...ratelimit.Bucket) error {
	buckets, err := client.answerBuckets(DB.WithContext(ctx), u.ID)
	if err != nil {
		return err
	}
	code := factor.Typed{UserID: u.ID, Code: typed, Ring: secrets, Buckets: append(append(buckets, u.wrongCodes()), more...), Now: Clock.Now}
	var wrong error // not in err: the transaction that counts the code must commit
	err = loginLine.Start(ctx, func() error {
		if err := code.Peek(DB.WithContext(ctx)); err != nil {
			return err
		}
		return u.change(ctx, func(tx *pop.Connection) error {
			f, err := code.Redeem(tx)
			if err == nil && f.Kind == FactorCodes {
				err = u.noteCodeUsed(tx, f, client)
			}
			switch {
			case errors.Is(err, ErrBadCode):
				wrong, err = err, u.record(tx, ActivityCodeFailed, client)
			case err == nil:
				err = passed(tx, f)
			}
			return err
		})
	})
	return errors.Join(err, wrong)
}

// Pass starts the session, or lets the reset go on, if the code is right. With skip, the
// browser needs no second step for 30 days. It returns ErrBadCode, *RateLimited, or
// ErrNotFound if a password or factor changed meanwhile.
func (step *SecondStep) Pass(ctx context.Context, typed string, skip bool, client Client) (s *LoggedIn, err error) {
	err = step.User.passCode(ctx, typed, client, func(tx *pop.Connection, f *Factor) (err error) {
		s, err = step.complete(tx, f, skip, client)
		return err
	})
	return s, replace(err, ErrBadCredentials, ErrNotFound)
}

func (s *Session) confirmWithCode(ctx context.Context, typed string, client Client) (rawToken string, err error) {
	badCode := func(err error) bool { return errors.Is(err, ErrBadCode) }
	return s.confirmBy(ctx, client, badCode, func(passed afterFactor) error {
		return s.User.passCode(ctx, typed, client, func(tx *pop.Connection, f *Factor) error { return passed(tx, s.User, f) })
	})
}

// EndLinksByCode is endLinks with a TOTP code that the user typed for this purpose. It also
// returns ErrBadCode, *RateLimited, or ErrBadCredentials if the account changed meanwhile.
func (u *User) EndLinksByCode(ctx context.Context, id, typed string, client Client) error {
	if !totp.LooksLikeCode(typed) { // a recovery code would be used up in vain
		return ErrBadCode
	}
	return u.passCode(ctx, typed, client, func(tx *pop.Connection, f *Factor) error {
		return errors.Join(u.noteUse(tx, f, client), u.endLinks(tx, id, f, client))
	}, ratelimit.Bucket{Limit: codesForLinks, ID: "links " + u.ID.String()})
}
