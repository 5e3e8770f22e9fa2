package models

import (
	"cmp"
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/factor"
)

// SetTOTP stores a TOTP key if typed is a code of it, and turns the second step on. If the
// second step was off, SetTOTP returns new recovery codes. It returns ErrBadCode, and ErrRefused
// if the account has a TOTP key.
func (u *User) SetTOTP(ctx context.Context, key []byte, typed string, client Client) (codes []string, err error) {
	f := factor.NewTOTP(secrets, u.ID, key, typed, Clock.Now())
	if f == nil {
		return nil, ErrBadCode
	}
	err = u.change(ctx, func(tx *pop.Connection) error {
		if old, err := u.factor(tx, FactorTOTP); err != nil || old != nil {
			return cmp.Or(err, ErrRefused)
		}
		number, err := u.addFactor(tx, f, client)
		if err == nil && !u.SecondStep {
			codes, _, err = u.turnSecondStep(tx, true, client)
		}
		return errors.Join(err, u.mailNotMe(tx, number, MailTOTPAdded, u.Email, client))
	})
	return codes, err
}

// RemoveTOTP removes the TOTP key. It returns ErrNotFound if there is none, and ErrRefused
// if no way in would remain.
func (u *User) RemoveTOTP(ctx context.Context, client Client) error {
	return u.change(ctx, func(tx *pop.Connection) error {
		f, err := u.factor(tx, FactorTOTP)
		if err != nil || f == nil {
			return cmp.Or(err, ErrNotFound)
		}
		if err := u.requireWayInWithout(tx, f.ID); err != nil {
			return err
		}
		number, err := u.removeFactor(tx, f, client)
		return errors.Join(err, u.mailNotMe(tx, number, MailTOTPRemoved, u.Email, client))
	})
}

// opens reports whether f is no TOTP key, or one that a SESSION_SECRET decrypts.
func opens(f Factor) bool { return !factor.List{f}.KeyLost(secrets) }
