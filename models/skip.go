package models

import (
	"context"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// SkipsOf returns the browsers that skip the second step of an account, newest first.
func SkipsOf(ctx context.Context, user *User) ([]DeviceCookie, error) {
	return deviceCookies.Skipping(DB.WithContext(ctx), user.ID, user.CredentialVersion)
}

// EndSkip ends a browser's skip of the second step, or returns ErrNotFound.
func EndSkip(ctx context.Context, user *User, id string, client Client) error {
	return user.recording(ctx, ActivitySkipEnded, client, func(tx *pop.Connection) error {
		return atLeastOne(deviceCookies.EndSkip(tx, user.ID, user.CredentialVersion, uuid.FromStringOrNil(id)))
	})
}

// EndSkips is EndSkip for all browsers of an account, or returns ErrNotFound if none skips.
func EndSkips(ctx context.Context, user *User, client Client) error {
	return user.recording(ctx, ActivitySkipEnded, client, func(tx *pop.Connection) error {
		return atLeastOne(deviceCookies.EndSkips(tx, user.ID, user.CredentialVersion))
	})
}
