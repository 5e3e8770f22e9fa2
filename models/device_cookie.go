package models

import (
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
)

// DeviceCookie makes a browser known to an account (OWASP, Slow Down Online
// Guessing Attacks with Device Cookies). A login from a new browser is mailed.
type DeviceCookie struct {
	ID          uuid.UUID `db:"id"`
	UserID      uuid.UUID `db:"user_id"`
	TokenDigest []byte    `db:"token_digest" json:"-"`
	CreatedAt   time.Time `db:"created_at"`
	ExpiresAt   time.Time `db:"expires_at"`

	SkipsUntil  nulls.Time `db:"skips_until"`  // null: does not skip the second step
	SkipVersion int        `db:"skip_version"` // of the credentials when that was set
	IP          string     `db:"ip"`           // of the client that set it
	UserAgent   string     `db:"user_agent"`
}

// DeviceCookieLifetime starts again at each login.
const DeviceCookieLifetime = 180 * 24 * time.Hour

// setDeviceCookie makes the client a known browser and mails the owner about a
// new one.
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
	return rawDeviceCookie, true, wrap("storing a device cookie", tx.Create(cookie))
}

// announceNewBrowser mails the owner, except about the first login after the
// password was set.
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
	return u.mailNotice(tx, MailNewBrowser, client)
}

func (u *User) voidDeviceCookies(tx *pop.Connection) error {
	return wrap("voiding device cookies", tx.RawQuery("DELETE FROM device_cookies WHERE user_id = ?", u.ID).Exec())
}
