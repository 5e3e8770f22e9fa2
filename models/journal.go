package models

import (
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/factor"
	"corral/internal/ratelimit"
	"corral/internal/undo"
)

// theSwitch is the second step as an item of the journal. The other items are factors.
var theSwitch = uuid.NullUUID{Valid: true}

// journal returns the list of the account's reversible changes. Their kinds are those
// of activity.
func (u *User) journal(tx *pop.Connection) undo.Journal {
	turn := func(on bool) error { return u.storeSecondStep(tx, on) }
	items := factor.Items{Tx: tx, UserID: u.ID, Now: Clock.Now, Switch: theSwitch.UUID, On: &u.SecondStep, Turn: turn}
	return undo.Journal{Tx: tx, UserID: u.ID, Items: items, Now: Clock.Now}
}

// addChange adds a change to the journal and records it as an activity. A change of an item
// raises the credential version. It counts for changesPerAccount, unless an operator makes it or
// it is a reset: an attacker must not be able to keep the owner from resetting. The user's row
// must be locked.
func (u *User) addChange(tx *pop.Connection, kind string, item uuid.NullUUID, client Client) (number int, err error) {
	if kind != ActivityPasswordReset && client.IP.IsValid() {
		if err := (ratelimit.Buckets{u.recentChanges()}).Take(tx, Clock.Now()); err != nil {
			return 0, err
		}
	}
	if u.Changes, err = u.journal(tx).Add(kind, item); err != nil {
		return 0, err
	}
	if item.Valid {
		err = u.raiseVersion(tx)
	}
	return u.Changes, errors.Join(err, wrap("numbering a change", tx.UpdateColumns(u, "changes", "updated_at")), u.record(tx, kind, client))
}

// recentChanges is the bucket of the account's changes. No new SESSION_SECRET clears it.
func (u *User) recentChanges() ratelimit.Bucket {
	return ratelimit.Bucket{Limit: changesPerAccount, ID: "change " + u.ID.String()}
}

// allowChanges clears the bucket of changes for an undo: an attacker may have filled it. The
// user's row must be locked.
func (u *User) allowChanges(tx *pop.Connection) error {
	undos := ratelimit.Bucket{Limit: undosPerAccount, ID: "undos " + u.ID.String()}
	_, err := ratelimit.Buckets{undos}.TakeOrUndo(tx, Clock.Now(), u.recentChanges().Clear)
	return err
}

// raiseVersion voids skips, and logins that wait for their second step.
func (u *User) raiseVersion(tx *pop.Connection) error {
	u.CredentialVersion++
	return wrap("raising a credential version", tx.UpdateColumns(u, "credential_version", "updated_at"))
}

// mailChange is addChange for a change of no item, and mails recipient a link that undoes it.
func (u *User) mailChange(tx *pop.Connection, kind, template, recipient string, client Client) error {
	number, err := u.addChange(tx, kind, uuid.NullUUID{}, client)
	return errors.Join(err, u.mailNotMe(tx, number, template, recipient, client, u.Email))
}

// afterUndo turns the second step off if the undo has left no factor that passes it. It also
// counts factors that do not work until the operator restores HOST or SESSION_SECRET.
func (u *User) afterUndo(tx *pop.Connection) error {
	list, err := u.factors(tx)
	if err == nil && u.SecondStep && len(list.OfKind(FactorPasskey, FactorTOTP)) == 0 {
		err = u.storeSecondStep(tx, false)
	}
	return errors.Join(err, u.raiseVersion(tx))
}

// stopUndo stops the undo of a factor that a login used, and any removal by an operator.
// The second step's undo goes on: otherwise an attacker who reads the owner's mails and
// added the factor would keep the owner out for good.
func (u *User) stopUndo(tx *pop.Connection, f *Factor) error {
	if f.Kind == FactorPasskey {
		return u.journal(tx).StopFor(f.ID)
	}
	list, err := factor.Of(tx, u.ID) // other kinds have one factor in use: restoring another stops, too
	return errors.Join(err, u.journal(tx).StopFor(list.OfKind(f.Kind).IDs()...))
}
