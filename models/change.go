package models

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Change is a reversible change of an account. The numbers of an account start
// at 1; clocks of several nodes would not order its changes.
type Change struct {
	ID        uuid.UUID     `db:"id"`
	UserID    uuid.UUID     `db:"user_id"`
	Number    int           `db:"number"`
	Kind      string        `db:"kind"`
	FactorID  uuid.NullUUID `db:"factor_id"` // null: neither a factor nor theSwitch
	Undone    bool          `db:"undone"`
	CreatedAt time.Time     `db:"created_at"`
}

// theSwitch of the second step takes the place of a factor's id.
var theSwitch = uuid.NullUUID{Valid: true}

// The kinds of changes.
const (
	ChangeEmail           = ActivityEmail
	ChangePassword        = ActivityPassword
	ChangePasswordReset   = ActivityPasswordReset
	ChangeDeletion        = ActivityDeleted
	ChangeSecondStepOn    = ActivitySecondStepOn
	ChangeSecondStepOff   = ActivitySecondStepOff
	ChangePasswordRemoved = ActivityPasswordRemoved
	ChangePasskeyRestored = ActivityPasskeyRestored
	ChangeIdentityAdded   = ActivityIdentityAdded
	ChangeIdentityRemoved = ActivityIdentityRemoved

	// Of factors, after the kind.
	added   = "_added"
	removed = "_removed"
)

// listChange lists a change of the locked account.
func (u *User) listChange(tx *pop.Connection, kind string, factorID uuid.NullUUID) (number int, err error) {
	var numbers []int // of the list: a node of an older release counts there only
	if err := tx.RawQuery("SELECT COALESCE(MAX(number), 0) + 1 FROM changes WHERE user_id = ?", u.ID).All(&numbers); err != nil {
		return 0, fmt.Errorf("numbering a change: %w", err)
	}
	u.Changes = numbers[0]
	if err := tx.UpdateColumns(u, "changes", "updated_at"); err != nil {
		return 0, fmt.Errorf("numbering a change: %w", err)
	}
	c := Change{ID: newID(), UserID: u.ID, Number: u.Changes, Kind: kind, FactorID: factorID, CreatedAt: Clock.Now()}
	return u.Changes, wrap("listing a change", tx.Create(&c))
}

// raiseVersion voids skips, and logins that wait for their second step.
func (u *User) raiseVersion(tx *pop.Connection) error {
	u.CredentialVersion++
	return wrap("raising a credential version", tx.UpdateColumns(u, "credential_version", "updated_at"))
}

// mailChange lists a change of the locked account and mails its link.
func (u *User) mailChange(tx *pop.Connection, kind, template, before string, client Client) error {
	number, err := u.listChange(tx, kind, uuid.NullUUID{})
	if err != nil {
		return err
	}
	return u.mailNotMe(tx, number, template, before, client, u.Email)
}

// changesSince returns the changes from a number on that were not undone, newest
// first.
func (u *User) changesSince(tx *pop.Connection, number int) (list []Change, err error) {
	err = tx.Where("user_id = ? AND number >= ? AND undone = ?", u.ID, number, false).Order("number DESC").All(&list)
	return list, wrap("listing changes", err)
}

// before reports whether the factor was in use, or the switch on, before the change.
func (c Change) before() bool {
	return strings.HasSuffix(c.Kind, removed) || c.Kind == ChangeSecondStepOff
}

// NotMe is what the page of a "this wasn't me" link shows: no current values, since
// the mailbox may be another's by now.
type NotMe struct {
	Email string   // where the link was mailed
	What  string   // kind of the change that the mail was about, or ""
	Kinds []string // of the changes that will be undone, newest first
	Waits bool     // changes of factors are undone a day later
}

// FindNotMe returns what a "this wasn't me" link does, or ErrNotFound. It does not
// redeem the token.
func FindNotMe(ctx context.Context, rawToken string) (*NotMe, error) {
	tx := DB.WithContext(ctx)
	token, err := tokens.Find(tx, rawToken, PurposeUndo)
	if err != nil {
		return nil, err
	}
	user := &User{}
	if err := tx.Find(user, token.UserID.UUID); err != nil {
		return nil, fmt.Errorf("finding a user: %w", err)
	}
	list, err := user.changesSince(tx, token.Number)
	if err != nil {
		return nil, err
	}
	found := &NotMe{Email: token.Email}
	for _, c := range list {
		found.Kinds = append(found.Kinds, c.Kind)
		found.Waits = found.Waits || user.SecondStep && c.FactorID.Valid
		if c.Number == token.Number {
			found.What = c.Kind
		}
	}
	return found, nil
}
