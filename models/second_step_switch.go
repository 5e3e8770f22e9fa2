package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
)

// secondStepKind is the kind of turning the second step on or off, and the mail's name.
var secondStepKind = map[bool]string{true: ActivitySecondStepOn, false: ActivitySecondStepOff}

// TurnSecondStep turns the second step on and returns new recovery codes, or turns it off
// and removes them. It returns ErrRefused to turn it on without passkey and TOTP, or off
// without password and identity.
func (u *User) TurnSecondStep(ctx context.Context, on bool, client Client) (codes []string, err error) {
	err = u.change(ctx, func(tx *pop.Connection) error {
		if u.SecondStep == on {
			return nil
		}
		passing, err := u.passing(tx)
		first, firstErr := u.hasFirstStep(tx)
		if err := errors.Join(err, firstErr); err != nil {
			return err
		}
		if on && len(passing) == 0 || !on && !first {
			return ErrRefused
		}
		var number int
		codes, number, err = u.turnSecondStep(tx, on, client)
		return errors.Join(err, u.mailNotMe(tx, number, secondStepKind[on], u.Email, client))
	})
	return codes, err
}

// turnSecondStep turns the second step on or off, adds the changes, and returns the number of
// the first: a link with this number undoes them all. The user's row must be locked.
func (u *User) turnSecondStep(tx *pop.Connection, on bool, client Client) (codes []string, number int, err error) {
	if err := u.storeSecondStep(tx, on); err != nil {
		return nil, 0, err
	}
	if number, err = u.addChange(tx, secondStepKind[on], theSwitch, client); err != nil {
		return nil, 0, err
	}
	codes, _, err = u.replaceCodes(tx, client)
	return codes, number, errors.Join(err, u.mailEnrolment(tx, client)) // for sessions that began before
}
