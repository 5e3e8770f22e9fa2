package models

import (
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
)

// DeviceCookie marks a browser that logged in to an account before. It outlives
// the browser's sessions, so that a fortnightly visitor stays a known browser.
type DeviceCookie struct {
	ID          uuid.UUID `db:"id"`
	UserID      uuid.UUID `db:"user_id"`
	TokenDigest []byte    `db:"token_digest" json:"-"`
	CreatedAt   time.Time `db:"created_at"`
	ExpiresAt   time.Time `db:"expires_at"`
}

// DeviceCookieLifetime is how long a browser stays known after a login.
const DeviceCookieLifetime = 180 * 24 * time.Hour

// setDeviceCookie makes the client's browser known from now on and returns the
// token that it keeps. A login from a new browser is mailed to the owner.
func (u *User) setDeviceCookie(tx *pop.Connection, client Client) (rawDeviceCookie string, isNew bool, err error) {
	now := Clock.Now()
	if client.RawDeviceCookie != "" {
		renewed, err := tx.RawQuery("UPDATE device_cookies SET expires_at = ? WHERE token_digest = ? AND user_id = ? AND expires_at > ?",
			now.Add(DeviceCookieLifetime), secret.TokenDigest(client.RawDeviceCookie), u.ID, now).ExecWithCount()
		if err != nil {
			return "", false, fmt.Errorf("renewing a device cookie: %w", err)
		}
		if renewed > 0 {
			return client.RawDeviceCookie, false, nil
		}
	}
	if err := u.announceNewBrowser(tx, client); err != nil {
		return "", false, err
	}
	rawDeviceCookie = secret.NewToken()
	cookie := &DeviceCookie{
		ID:          newID(),
		UserID:      u.ID,
		TokenDigest: secret.TokenDigest(rawDeviceCookie),
		CreatedAt:   now,
		ExpiresAt:   now.Add(DeviceCookieLifetime),
	}
	if err := tx.Create(cookie); err != nil {
		return "", false, fmt.Errorf("storing a device cookie: %w", err)
	}
	return rawDeviceCookie, true, nil
}

// announceNewBrowser mails the owner about a login from a new browser, unless
// it is the one in which the password has just been set.
func (u *User) announceNewBrowser(tx *pop.Connection, client Client) error {
	if Clock.Now().Sub(u.UpdatedAt) < time.Hour {
		known, err := tx.Where("user_id = ?", u.ID).Count(&DeviceCookie{})
		if err != nil {
			return fmt.Errorf("counting device cookies: %w", err)
		}
		if known == 0 {
			return nil
		}
	}
	return u.mail(tx, MailNewBrowser, client)
}

// voidDeviceCookies makes every browser of the account unknown.
func (u *User) voidDeviceCookies(tx *pop.Connection) error {
	if err := tx.RawQuery("DELETE FROM device_cookies WHERE user_id = ?", u.ID).Exec(); err != nil {
		return fmt.Errorf("voiding device cookies: %w", err)
	}
	return nil
}
