package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/recovery"
)

const (
	recoveryCodes = 10
	fewCodes      = 3 // with this many left, the owner gets a mail
)

// RecoveryCodesLeft returns how many codes of the account were not used yet.
func (u *User) RecoveryCodesLeft(ctx context.Context) (int, error) {
	tx := DB.WithContext(ctx)
	set, err := u.factor(tx, FactorCodes)
	if err != nil || set == nil {
		return 0, err
	}
	return recovery.Left(tx, set.ID)
}

// MakeRecoveryCodes voids the old recovery codes and returns new ones, or ErrRefused while the
// second step is off.
func (u *User) MakeRecoveryCodes(ctx context.Context, client Client) (codes []string, err error) {
	err = u.change(ctx, func(tx *pop.Connection) error {
		if !u.SecondStep {
			return ErrRefused
		}
		var number int
		codes, number, err = u.replaceCodes(tx, client)
		return errors.Join(err, u.mailNotMe(tx, number, MailCodesAdded, u.Email, client))
	})
	return codes, err
}

// replaceCodes stores a new set of codes, if the second step is on, and then removes the old
// one. It returns the number of the first change: a link with this number undoes both.
func (u *User) replaceCodes(tx *pop.Connection, client Client) (codes []string, number int, err error) {
	old, err := u.factor(tx, FactorCodes)
	if err == nil && u.SecondStep {
		set := &Factor{Kind: FactorCodes, Data: []byte{}}
		if number, err = u.addFactor(tx, set, client); err == nil {
			codes, err = recovery.Issue(tx, set.ID, recoveryCodes)
		}
	}
	if err == nil && old != nil {
		_, err = u.removeFactor(tx, old, client)
	}
	return codes, number, err
}

// noteCodeUsed records that a recovery code of a set was used, and mails the owner.
func (u *User) noteCodeUsed(tx *pop.Connection, set *Factor, client Client) error {
	left, err := recovery.Left(tx, set.ID)
	if err == nil && left == fewCodes {
		err = u.mailNotice(tx, MailCodesLow, client)
	}
	return errors.Join(err, u.record(tx, ActivityCodeUsed, client), u.mailNotice(tx, MailCodeUsed, client))
}
