package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/outbox"
)

// RequestReset mails a reset link. It returns *RateLimited.
func RequestReset(ctx context.Context, email, language string, client Client) error {
	return requestMail(ctx, resetsPerEmail, client, email, func(tx *pop.Connection) error {
		rawToken, err := Token{Purpose: PurposeReset, Subject: email, Email: email}.issue(tx, ResetLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, outbox.Mail{Recipient: email, Template: MailReset, Language: language}, client, rawToken)
	})
}

// FindResetUser returns the account of a reset token, or ErrNotFound. It does not
// redeem the token.
func FindResetUser(ctx context.Context, rawToken string) (*User, error) {
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeReset)
	if err != nil {
		return nil, err
	}
	return FindUserByEmail(ctx, token.Email)
}

// ResetPassword redeems a reset token and sets a normalized password. Of two
// concurrent calls, one gets ErrNotFound.
func ResetPassword(ctx context.Context, rawToken, normalized string, client Client) error {
	user, err := FindResetUser(ctx, rawToken)
	if err != nil {
		return err
	}
	digest, err := hasher.Hash(ctx, normalized) // slow: outside the transaction
	if err != nil {
		return err
	}
	return announcing(ctx, func(tx *pop.Connection) error {
		user, err := lockUser(tx, toChange, "id = ?", user.ID)
		if err != nil {
			return err
		}
		token, err := findToken(tx, rawToken, PurposeReset)
		if err != nil {
			return err
		}
		if err := token.redeem(tx); err != nil {
			return err
		}
		if err := user.storePassword(tx, digest); err != nil {
			return err
		}
		if err := user.voidDeviceCookies(tx); err != nil {
			return err
		}
		if err := user.record(tx, ActivityPasswordReset, client); err != nil {
			return err
		}
		return user.mail(tx, MailPasswordChanged, client)
	})
}
