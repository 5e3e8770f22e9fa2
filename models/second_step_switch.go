package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
)

// TurnSecondStep turns the switch. On, it returns new recovery codes; they go when
// it is off. It returns ErrRefused if a login would be impossible afterwards, and
// ErrBadCredentials as lock does.
func (u *User) TurnSecondStep(ctx context.Context, on bool, client Client) (codes []string, err error) {
	err = announcing(ctx, func(tx *pop.Connection) error {
		if err := u.lock(tx, toChange); err != nil || u.SecondStep == on {
			return err
		}
		template, possible := MailSecondStepOff, u.PasswordDigest != ""
		if on {
			template = MailSecondStepOn
			if possible, err = u.canPass(tx, nil); err != nil {
				return err
			}
		}
		if !possible {
			return ErrRefused
		}
		var number int
		if codes, number, err = u.turnSecondStep(tx, on, client); err != nil {
			return err
		}
		return u.mailNotMe(tx, number, template, u.Email, client)
	})
	return codes, err
}

// turnSecondStep turns the switch of the locked account, replaces or removes its
// recovery codes, and lists the changes. number is that of the first.
func (u *User) turnSecondStep(tx *pop.Connection, on bool, client Client) (codes []string, number int, err error) {
	if number, err = u.storeSwitch(tx, on, client); err != nil {
		return nil, 0, err
	}
	if on {
		codes, _, err = u.replaceCodes(tx, client)
		return codes, number, err
	}
	return nil, number, u.voidCodes(tx, client)
}

// storeSwitch turns the switch and lists the change.
func (u *User) storeSwitch(tx *pop.Connection, on bool, client Client) (number int, err error) {
	kind := ChangeSecondStepOff
	if on {
		kind = ChangeSecondStepOn
	}
	if err := u.storeSecondStep(tx, on); err != nil {
		return 0, err
	}
	return u.changeFactor(tx, kind, theSwitch, client)
}
