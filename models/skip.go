package models

import (
	"context"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/secret"
	"corral/internal/useragent"
)

// SkipLifetime is how long a browser may skip the second step of an account.
const SkipLifetime = 30 * 24 * time.Hour

// skipping is of device cookies whose browsers skip the second step: a change of
// password or factor ends that.
const skipping = "user_id = ? AND skips_until > ? AND skip_version = ?"

// skips reports whether the client may skip the second step.
func (u *User) skips(tx *pop.Connection, client Client) (bool, error) {
	skips, err := tx.Where("token_digest = ? AND "+skipping, secret.TokenDigest(client.RawDeviceCookie), u.ID, Clock.Now(), u.CredentialVersion).Exists(&DeviceCookie{})
	return skips, wrap("finding a device cookie", err)
}

// skipFrom lets the browser of a device cookie skip the second step from now on.
func (u *User) skipFrom(tx *pop.Connection, rawDeviceCookie string, client Client) error {
	err := tx.RawQuery("UPDATE device_cookies SET skips_until = ?, skip_version = ?, ip = ?, user_agent = ? WHERE token_digest = ? AND user_id = ?",
		Clock.Now().Add(SkipLifetime), u.CredentialVersion, client.ip(), useragent.Printable(client.UserAgent, maxUserAgent),
		secret.TokenDigest(rawDeviceCookie), u.ID).Exec()
	return wrap("skipping the second step", err)
}

// SkipsOf returns the browsers that skip the second step of an account, newest first.
func SkipsOf(ctx context.Context, user *User) (list []DeviceCookie, err error) {
	err = DB.WithContext(ctx).Where(skipping, user.ID, Clock.Now(), user.CredentialVersion).All(&list)
	slices.SortFunc(list, func(a, b DeviceCookie) int { return b.SkipsUntil.Time.Compare(a.SkipsUntil.Time) })
	return list, wrap("listing device cookies", err)
}

// EndSkip has a browser pass the second step again, or returns ErrNotFound.
func EndSkip(ctx context.Context, user *User, id string, client Client) error {
	cookieID, err := uuid.FromString(id)
	if err != nil {
		return ErrNotFound
	}
	return endSkips(ctx, user, client, "id = ? AND ", cookieID)
}

// EndSkips is EndSkip for all browsers of an account. It returns ErrNotFound if none
// skips.
func EndSkips(ctx context.Context, user *User, client Client) error {
	return endSkips(ctx, user, client, "")
}

func endSkips(ctx context.Context, user *User, client Client, which string, args ...any) error {
	return user.recording(ctx, ActivitySkipEnded, client, func(tx *pop.Connection) error {
		ended, err := tx.RawQuery("UPDATE device_cookies SET skips_until = NULL WHERE "+which+skipping,
			append(args, user.ID, Clock.Now(), user.CredentialVersion)...).ExecWithCount()
		return atLeastOne(ended, wrap("ending skips", err))
	})
}
