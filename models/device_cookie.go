package models

import (
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/internal/devicecookie"
)

// DeviceCookie makes a browser known to an account.
type DeviceCookie = devicecookie.Cookie

// DeviceCookieLifetime starts again at each login.
const DeviceCookieLifetime = 180 * 24 * time.Hour

var deviceCookies = devicecookie.Store{Now: Clock.Now, Lifetime: DeviceCookieLifetime, Skip: 30 * 24 * time.Hour}

// setDeviceCookie makes the client a known browser, and mails the owner if it is a new one.
func (u *User) setDeviceCookie(tx *pop.Connection, client Client) (rawDeviceCookie string, isNew bool, err error) {
	if known, err := deviceCookies.Renew(tx, u.ID, client.RawDeviceCookie); err != nil || known {
		return client.RawDeviceCookie, false, err
	}
	if err := u.announceNewBrowser(tx, client); err != nil {
		return "", false, err
	}
	rawDeviceCookie, err = deviceCookies.Issue(tx, u.ID, client.RawDeviceCookie)
	return rawDeviceCookie, true, err
}

// announceNewBrowser mails the owner, except about the first browser of an account that was
// created within the last hour. Over the rate limit it mails nothing: the owner has ten mails,
// each with a link that ends all sessions.
func (u *User) announceNewBrowser(tx *pop.Connection, client Client) error {
	if Clock.Now().Sub(u.CreatedAt) < time.Hour {
		if any, err := deviceCookies.Any(tx, u.ID); err != nil || !any {
			return err
		}
	}
	return limitMail(tx, MailNewBrowser, u.Email, func(tx *pop.Connection) error { return u.mailNotice(tx, MailNewBrowser, client) })
}
