package models

import (
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Device is a browser that has signed in to an account. It is kept apart from
// its sessions, so that a fortnightly visitor is not new each time.
type Device struct {
	ID          uuid.UUID `db:"id"`
	UserID      uuid.UUID `db:"user_id"`
	TokenDigest []byte    `db:"token_digest"`
	CreatedAt   time.Time `db:"created_at"`
	ExpiresAt   time.Time `db:"expires_at"`
}

// DeviceLifetime is how long a browser is known after its last sign-in.
const DeviceLifetime = 180 * 24 * time.Hour

// rememberDevice makes a browser known for DeviceLifetime from now, and returns
// the token that it is to keep. A new one is announced by mail.
func (u *User) rememberDevice(tx *pop.Connection, from Origin) (rawDevice string, isNew bool, err error) {
	now := Clock.Now()
	renewed, err := tx.RawQuery("UPDATE devices SET expires_at = ? WHERE token_digest = ? AND user_id = ? AND expires_at > ?",
		now.Add(DeviceLifetime), tokenDigest(from.RawDevice), u.ID, now).ExecWithCount()
	if err != nil {
		return "", false, fmt.Errorf("renewing a device: %w", err)
	}
	if renewed > 0 {
		return from.RawDevice, false, nil
	}
	if err := u.announceDevice(tx, from); err != nil {
		return "", false, err
	}
	rawDevice = newRawToken()
	device := &Device{ID: newID(), UserID: u.ID, TokenDigest: tokenDigest(rawDevice), CreatedAt: now, ExpiresAt: now.Add(DeviceLifetime)}
	if err := tx.Create(device); err != nil {
		return "", false, fmt.Errorf("remembering a device: %w", err)
	}
	return rawDevice, true, nil
}

// announceDevice tells the owner of a sign-in from a new browser, unless it is
// the one in which the password has just been set.
func (u *User) announceDevice(tx *pop.Connection, from Origin) error {
	known, err := tx.Where("user_id = ?", u.ID).Count(&Device{})
	if err != nil {
		return fmt.Errorf("counting devices: %w", err)
	}
	if known == 0 && Clock.Now().Sub(u.UpdatedAt) < time.Hour {
		return nil
	}
	return queueMail(tx, Mail{Recipient: u.Email, Template: MailNewDevice, Language: u.Language}, from, "")
}
