package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
	"corral/internal/password"
	"corral/internal/ratelimit"
)

// SetPassword sets a normalized password, forgets the known browsers and unlocks the email,
// without a mail: for tasks.
func (u *User) SetPassword(ctx context.Context, normalized string) error {
	digest, err := hasher.Hash(ctx, password.Place{}, normalized) // slow: outside the transaction
	if err != nil {
		return err
	}
	return u.change(ctx, func(tx *pop.Connection) error {
		return errors.Join(u.storePassword(tx, digest), deviceCookies.Void(tx, u.ID), bucketOf(loginsPerEmail, u.Email).Clear(tx))
	})
}

// ChangePassword sets a normalized password, ends every session and mails the owner. Known
// browsers stay known.
func (u *User) ChangePassword(ctx context.Context, normalized string, client Client) error {
	if err := (ratelimit.Buckets{u.recentChanges()}).Peek(DB.WithContext(ctx), Clock.Now()); err != nil { // prevents a flood of hashes
		return err
	}
	return hashNew(ctx, normalized, client, func(ctx context.Context, digest string) error {
		return u.change(ctx, func(tx *pop.Connection) error {
			return errors.Join(u.storePassword(tx, digest), u.mailChange(tx, ActivityPassword, MailPasswordChanged, u.Email, client))
		})
	})
}

// hashNew hashes a client's new password, which is slow, and then runs store, even if the
// client has disconnected: otherwise one mailed link could cause a flood of hashes.
func hashNew(ctx context.Context, normalized string, client Client, store func(ctx context.Context, digest string) error) error {
	digest, err := hasher.Hash(ctx, password.Place{Network: client.network(), Known: true}, normalized)
	if err != nil {
		return err
	}
	ctx, cancel := database.Detached(ctx)
	defer cancel()
	return store(ctx, digest)
}

// PasswordSince returns when the password was set or changed.
func (u *User) PasswordSince(ctx context.Context) (time.Time, error) {
	changed, err := u.journal(DB.WithContext(ctx)).Newest(ActivityPassword, ActivityPasswordReset)
	if err != nil || changed == nil {
		return u.CreatedAt, err // it was set at sign-up
	}
	return changed.CreatedAt, nil
}

// storePassword stores a digest, or "" to remove the password. It ends the sessions and
// deletes the mailed links that work, except those that undo a change, with the counts of
// reset and enrolment mails: the next one must not be withheld. It clears no rate limit of logins: an
// attacker who filled one would see that the email has an account.
func (u *User) storePassword(tx *pop.Connection, digest string) error {
	u.PasswordDigest = digest
	u.CredentialVersion++
	if err := tx.UpdateColumns(u, "password_digest", "credential_version", "updated_at"); err != nil {
		return fmt.Errorf("storing a password: %w", err)
	}
	_, err := endSessions(tx, "user_id = ?", u.ID)
	err = errors.Join(err, clearMails(tx, MailReset, u.Email), clearMails(tx, MailEnrol, u.Email))
	_, voidErr := exec(tx, "voiding tokens", "DELETE FROM tokens WHERE (user_id = ? OR email = ?) AND purpose <> ? AND redeemed = ?", u.ID, u.Email, PurposeUndo, false)
	return errors.Join(err, voidErr)
}

// rehash stores the same password with the current parameters, unless a concurrent login has
// done so or the password was changed: then credential_version ends the login.
func (u *User) rehash(ctx context.Context, place password.Place, normalized string) error {
	digest, err := hasher.Hash(ctx, place, normalized)
	if err != nil {
		return err
	}
	_, err = exec(DB.WithContext(ctx), "rehashing a password", "UPDATE users SET password_digest = ? WHERE id = ? AND password_digest = ?", digest, u.ID, u.PasswordDigest)
	return err
}
