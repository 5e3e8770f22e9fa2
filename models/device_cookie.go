package models

import (
	"context"
	"errors"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

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

// knowAfterReset makes the client a known browser, and clears the buckets of all known
// browsers. The client gets a new token: attempts with a copy of the former one must not keep it
// out.
func (u *User) knowAfterReset(tx *pop.Connection, client Client) (rawDeviceCookie string, err error) {
	browsers, err := deviceCookies.Of(tx, u.ID)
	for _, b := range browsers {
		err = errors.Join(err, bucketOf(loginsPerDeviceCookie, string(b.TokenDigest)).Clear(tx))
	}
	if err != nil {
		return "", err
	}
	return deviceCookies.Replace(tx, u.ID, client.RawDeviceCookie)
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

// SkipsOf returns the browsers that skip the second step of an account, newest first.
func SkipsOf(ctx context.Context, user *User) ([]DeviceCookie, error) {
	return deviceCookies.Skipping(DB.WithContext(ctx), user.ID, user.CredentialVersion)
}

// EndSkips ends the skip of a browser with the ID or, if id is "", all skips of an account, or
// returns ErrNotFound.
func EndSkips(ctx context.Context, user *User, id string, client Client) error {
	return user.recording(ctx, ActivitySkipEnded, client, func(tx *pop.Connection) error {
		if id == "" {
			return atLeastOne(deviceCookies.EndSkips(tx, user.ID, user.CredentialVersion))
		}
		return atLeastOne(deviceCookies.EndSkip(tx, user.ID, user.CredentialVersion, uuid.FromStringOrNil(id)))
	})
}
