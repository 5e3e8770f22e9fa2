package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
)

// PassCode does what a login does with a code, and ConfirmCode what a confirmation does.
func PassCode(ctx context.Context, user *User, typed string, client Client) (f *Factor, err error) {
	err = user.passCode(ctx, typed, client, func(tx *pop.Connection, used *Factor) error {
		f = used
		return user.useFactor(tx, f, client)
	})
	return f, err
}

func ConfirmCode(ctx context.Context, user *User, typed string, client Client) (f *Factor, err error) {
	err = user.passCode(ctx, typed, client, func(tx *pop.Connection, used *Factor) error {
		f = used
		return user.confirmFactor(tx, f, client)
	})
	return f, err
}
