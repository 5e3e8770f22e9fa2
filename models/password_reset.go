package models

import (
	"context"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
)

// RequestReset mails a link to set a new password, if the address has an
// account: that is decided when the mail is sent, so that the request does the
// same either way. It returns *Throttled when the client asked too often.
func RequestReset(ctx context.Context, email, language string, from Origin) error {
	return requestMail(ctx, resetsPerAddress, from, email, func(tx *pop.Connection) error {
		rawToken, err := Token{Purpose: PurposeReset, Subject: email, Email: email}.issue(tx, ResetLifetime)
		if err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: email, Template: MailReset, Language: language}, from, rawToken)
	})
}

// FindResetUser returns the account whose password a reset token may set, or
// ErrNotFound. It does not spend the token.
func FindResetUser(ctx context.Context, rawToken string) (*User, error) {
	token, err := findToken(DB.WithContext(ctx), rawToken, PurposeReset)
	if err != nil {
		return nil, err
	}
	return FindUserByEmail(ctx, token.Email)
}

// ResetPassword spends a reset token on a prepared password. Of two that use
// one token at once, one gets ErrNotFound.
func ResetPassword(ctx context.Context, rawToken, prepared string, from Origin) error {
	user, err := FindResetUser(ctx, rawToken)
	if err != nil {
		return err
	}
	digest, err := hashPassword(ctx, prepared) // outside the transaction: it takes long
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
		if err := token.spend(tx); err != nil {
			return err
		}
		if err := user.storePassword(tx, digest); err != nil {
			return err
		}
		if err := user.forgetDevices(tx); err != nil {
			return err
		}
		if err := user.record(tx, ActivityPasswordReset, from); err != nil {
			return err
		}
		return queueMail(tx, Mail{Recipient: user.Email, Template: MailPasswordChanged, Language: user.Language}, from, "")
	})
}

// Mail requests are limited for the address, silently, and for the client.
var (
	signupsPerAddress    = limit{name: "signup mail address", most: 3, window: time.Hour}
	resetsPerAddress     = limit{name: "reset mail address", most: 3, window: time.Hour}
	mailRequestPerClient = limit{name: "mail client", most: 10, window: time.Hour}
)

// requestMail counts a request for a mail, and runs queue. When the address has
// had enough of them, what queue did is undone: nothing is sent, and neither the
// answer nor its time tells how often somebody asked.
func requestMail(ctx context.Context, perAddress limit, from Origin, email string, queue func(tx *pop.Connection) error) error {
	return announcing(ctx, func(tx *pop.Connection) error {
		if err := mailRequestPerClient.take(tx, clientSubject(from.Client)); err != nil {
			return err
		}
		err := perAddress.take(tx, email)
		if _, enough := err.(*Throttled); enough {
			return undone(tx, queue)
		}
		if err != nil {
			return err
		}
		return queue(tx)
	})
}

// undone runs fn and takes back what it wrote. The rest of tx stays.
func undone(tx *pop.Connection, fn func(tx *pop.Connection) error) error {
	if err := tx.RawQuery("SAVEPOINT before").Exec(); err != nil {
		return fmt.Errorf("marking a transaction: %w", err)
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.RawQuery("ROLLBACK TO SAVEPOINT before").Exec(); err != nil {
		return fmt.Errorf("going back in a transaction: %w", err)
	}
	return nil
}
