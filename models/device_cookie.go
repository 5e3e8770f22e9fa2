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

// SkipLifetime is how long a browser may skip the second step of an account.
const SkipLifetime = 30 * 24 * time.Hour

var deviceCookies = devicecookie.Store{Now: Clock.Now, Lifetime: DeviceCookieLifetime, Skip: SkipLifetime}

// setDeviceCookie makes the client a known browser, and mails the owner if it is a new one.
func (u *User) setDeviceCookie(tx *pop.Connection, client Client) (rawDeviceCookie string, isNew bool, err error) {
	if known, err := deviceCookies.Renew(tx, u.ID, client.RawDeviceCookie); err != nil || known {
		return client.RawDeviceCookie, false, err
	}
	if err := u.announceNewBrowser(tx, client); err != nil {
		return "", false, err
	}
	rawDeviceCookie, err = deviceCookies.Issue(tx, u.ID)
	return rawDeviceCookie, true, err
}

// announceNewBrowser mails the owner, except if the account has no known browser yet and
// changed within the last hour, as by a sign-up or reset.
func (u *User) announceNewBrowser(tx *pop.Connection, client Client) error {
	if Clock.Now().Sub(u.UpdatedAt) < time.Hour {
		if any, err := deviceCookies.Any(tx, u.ID); err != nil || !any {
			return err
		}
	}
	return u.mailNotice(tx, MailNewBrowser, client)
}
