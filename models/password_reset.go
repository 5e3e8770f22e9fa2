package models

import (
	"context"
	"errors"

	"github.com/gobuffalo/pop/v6"
)

// FindReset returns a reset or invite token of an account, or ErrNotFound.
func FindReset(ctx context.Context, rawToken string) (*Token, error) {
	token, err := tokens.Find(DB.WithContext(ctx), rawToken, PurposeReset, PurposeInvite)
	if err != nil {
		return nil, err
	}
	_, err = FindUserByEmail(ctx, token.Email)
	return token, err
}

// ResetPassword redeems a reset or invite token and sets a normalized password. The client
// becomes a known browser: attackers who fill the rate limits cannot keep it out.
// Of two concurrent calls, one gets ErrNotFound. It returns ErrSecondStep if the client has
// not passed the account's second step: access to the mailbox is not enough.
func ResetPassword(ctx context.Context, rawToken, normalized string, client Client) (rawDeviceCookie string, err error) {
	err = hashNew(ctx, normalized, client, func(ctx context.Context, digest string) error {
		return inTransactionWithMail(ctx, func(tx *pop.Connection) error {
			token, err := tokens.Find(tx, rawToken, PurposeReset, PurposeInvite)
			if err != nil {
				return err
			}
			user, err := lockUser(tx, changeLock, "email = ? AND deleted_at IS NULL", token.Email)
			if err != nil {
				return err
			}
			if !user.mayReset(token, client) {
				return ErrSecondStep
			}
			if err := tokens.Redeem(tx, token); err != nil {
				return err
			}
			if err := user.storePassword(tx, digest); err != nil {
				return err
			}
			rawDeviceCookie, err = user.knowAfterReset(tx, client)
			return errors.Join(err, user.mailChange(tx, ActivityPasswordReset, MailPasswordChanged, user.Email, client))
		})
	})
	return rawDeviceCookie, err
}
