// Package identities stores which identities of providers log in to which accounts.
//
//	added, err := identities.Add(tx, user.ID, identity, time.Now()) // identity is an oidc.Identity
//	used, err := identities.Use(tx, user.ID, identity, time.Now())  // at a login
//
// A removed identity is kept, out of use: no other account can add it until the app deletes
// the row.
//
//	CREATE TABLE identities (
//		id uuid PRIMARY KEY, user_id uuid NOT NULL, issuer varchar(255) NOT NULL, subject varchar(255) NOT NULL,
//		email varchar(254) NOT NULL, created_at timestamp NOT NULL, last_used_at timestamp, removed_at timestamp,
//		UNIQUE (issuer, subject)
//	)
package identities

import (
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/email"
	"corral/internal/oidc"
)

// ErrTaken means that the identity is another account's.
var ErrTaken = errors.New("the identity belongs to another account")

// Identity is an identity that logs in to an account.
type Identity struct {
	ID         uuid.UUID  `db:"id"`
	UserID     uuid.UUID  `db:"user_id"`
	Issuer     string     `db:"issuer"`
	Subject    string     `db:"subject"`
	Email      string     `db:"email"`      // the claim at CreatedAt, normalized, or "" if invalid
	CreatedAt  time.Time  `db:"created_at"` // when it was added, or added again
	LastUsedAt nulls.Time `db:"last_used_at"`
	RemovedAt  nulls.Time `db:"removed_at"`
}

func (Identity) TableName() string { return "identities" }

// List is a list of identities.
type List []Identity

// At returns the identities of an issuer.
func (l List) At(issuer string) (at List) {
	for _, i := range l {
		if i.Issuer == issuer {
			at = append(at, i)
		}
	}
	return at
}

// Of returns the identities of an account that are in use, oldest first.
func Of(tx *pop.Connection, userID uuid.UUID) (list List, err error) {
	err = tx.Where("user_id = ? AND removed_at IS NULL", userID).Order("id").All(&list)
	return list, database.Wrap("listing identities", err)
}

// Add adds an identity to an account, or takes one that the account removed into use again.
// added is false if the account has the identity already. The error may be ErrTaken.
func Add(tx *pop.Connection, userID uuid.UUID, claimed oidc.Identity, now time.Time) (added bool, err error) {
	var found []Identity
	if err := tx.Where("issuer = ? AND subject = ?", claimed.Issuer, claimed.Subject).All(&found); err != nil {
		return false, fmt.Errorf("finding an identity: %w", err)
	}
	claim, _ := email.Normalize(claimed.Email)
	i := Identity{UserID: userID, Issuer: claimed.Issuer, Subject: claimed.Subject, Email: claim, CreatedAt: now}
	switch {
	case len(found) == 0:
		i.ID = uuid.Must(uuid.NewV7()) // crypto/rand never fails
		err = tx.Create(&i)
	case found[0].UserID != userID:
		return false, ErrTaken
	case !found[0].RemovedAt.Valid:
		return false, nil
	default:
		i.ID = found[0].ID
		err = tx.UpdateColumns(&i, "email", "created_at", "last_used_at", "removed_at")
	}
	if database.IsDuplicate(err, "identities", "issuer", "subject") { // added to another account meanwhile
		err = ErrTaken
	}
	return true, database.Wrap("storing an identity", err)
}

// Use records a login with an identity. used is 0 unless the account has the identity in use.
func Use(tx *pop.Connection, userID uuid.UUID, claimed oidc.Identity, now time.Time) (used int, err error) {
	return database.Change(tx, "using an identity", "UPDATE identities SET last_used_at = ? WHERE issuer = ? AND subject = ? AND user_id = ? AND removed_at IS NULL",
		now, claimed.Issuer, claimed.Subject, userID)
}

// Remove takes the identities of an account at an issuer out of use, and counts them.
func Remove(tx *pop.Connection, userID uuid.UUID, issuer string, now time.Time) (removed int, err error) {
	return remove(tx, now, "user_id = ? AND issuer = ?", userID, issuer)
}

// RemoveAll is Remove for all issuers.
func RemoveAll(tx *pop.Connection, userID uuid.UUID, now time.Time) (removed int, err error) {
	return remove(tx, now, "user_id = ?", userID)
}

func remove(tx *pop.Connection, now time.Time, where string, args ...any) (removed int, err error) {
	return database.Change(tx, "removing identities", "UPDATE identities SET removed_at = ? WHERE removed_at IS NULL AND "+where, append([]any{now}, args...)...)
}
