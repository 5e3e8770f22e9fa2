package models

import (
	"context"
	"time"
)

// Reservation is an email without an account, which a mailed link may give back to one.
type Reservation struct {
	User      *User     // the account; deleted, or its email was changed to another
	Until     time.Time // the email can have an account again
	ChangedAt time.Time // zero: the email was not changed
}

// FindReservation returns the reservation of a normalized email, or ErrNotFound.
func FindReservation(ctx context.Context, email string) (*Reservation, error) {
	const links = "FROM tokens WHERE email = ? AND purpose = ? AND expires_at > ?"
	tx, now, r := DB.WithContext(ctx), Clock.Now(), &Reservation{}
	var list []Token
	err := tx.RawQuery("SELECT * "+links+" ORDER BY created_at", email, PurposeUndo, now).All(&list)
	if err != nil {
		return nil, wrap("finding a reservation", err)
	}
	if r.User, err = findUser(tx, "email = ? OR id IN (SELECT user_id "+links+")", email, email, PurposeUndo, now); err != nil {
		return nil, err
	}
	if r.User.Email == email {
		if !r.User.DeletedAt.Valid {
			return nil, ErrNotFound
		}
		r.Until = r.User.DeletedAt.Time.Add(DeletedUserLifetime)
	}
	for _, t := range list {
		if t.ExpiresAt.After(r.Until) {
			r.Until = t.ExpiresAt
		}
		if r.User.Email != email {
			r.ChangedAt = t.CreatedAt // at last that of MailEmailChanged: no later link is mailed to the email
		}
	}
	return r, nil
}
