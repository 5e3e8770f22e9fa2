package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofrs/uuid"
)

// Reservation is an email that a mailed link may give back to its former account.
type Reservation struct {
	User      *User     // the account; deleted, or its email was changed to another
	Until     time.Time // the email can have an account again
	ChangedAt time.Time // zero: the email was not changed
}

// FindReservation returns the reservation of a normalized email, or ErrNotFound.
func FindReservation(ctx context.Context, email string) (*Reservation, error) {
	r, tx, userID, links := Reservation{}, DB.WithContext(ctx), uuid.Nil, []Token{}
	err := tx.Where("email = ? AND purpose = ? AND expires_at > ?", email, PurposeUndo, Clock.Now()).All(&links)
	for _, t := range links {
		if userID = t.UserID.UUID; t.ExpiresAt.After(r.Until) {
			r.Until = t.ExpiresAt
		}
		if t.CreatedAt.After(r.ChangedAt) {
			r.ChangedAt = t.CreatedAt // at last the time of MailEmailChanged: no later link is mailed to the email
		}
	}
	var missing error
	if r.User, missing = findUser(tx, "(email = ? AND deleted_at IS NOT NULL) OR (id = ? AND email <> ?)", email, userID, email); missing != nil || err != nil {
		return nil, errors.Join(err, missing)
	}
	if r.User.Email == email {
		ends := []time.Time{r.Until, r.User.DeletedAt.Time.Add(DeletedUserLifetime)}
		r.Until, r.ChangedAt = slices.MaxFunc(ends, time.Time.Compare), time.Time{}
	}
	return &r, nil
}
