package models

import (
	"errors"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/factor"
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

// listChange lists and records a change of the locked account. A change of an item raises
// the credential version.
func (u *User) listChange(tx *pop.Connection, kind string, item uuid.NullUUID, client Client) (number int, err error) {
	if u.Changes, err = u.journal(tx).Add(kind, item); err != nil {
		return 0, err
	}
	if item.Valid {
		err = u.raiseVersion(tx)
	}
	return u.Changes, errors.Join(err, wrap("numbering a change", tx.UpdateColumns(u, "changes", "updated_at")), u.record(tx, kind, client))
}

// raiseVersion voids skips, and logins that wait for their second step.
func (u *User) raiseVersion(tx *pop.Connection) error {
	u.CredentialVersion++
	return wrap("raising a credential version", tx.UpdateColumns(u, "credential_version", "updated_at"))
}

// mailChange is listChange for a change of no item, and mails a link that undoes it.
func (u *User) mailChange(tx *pop.Connection, kind, template, before string, client Client) error {
	number, err := u.listChange(tx, kind, uuid.NullUUID{}, client)
	return errors.Join(err, u.mailNotMe(tx, number, template, before, client, u.Email))
}

// undone is called after an undo has changed items. It turns the second step off if no
// factor is left that passes it.
func (u *User) undone(tx *pop.Connection) error {
	passes, err := u.canPass(tx)
	if err == nil && u.SecondStep && !passes {
		err = u.storeSecondStep(tx, false)
	}
	return errors.Join(err, u.raiseVersion(tx))
}

// stopUndo stops the undo of a factor that a login used, and any removal by an operator.
// The undo of the switch goes on: otherwise an attacker who reads the owner's mails and
// added the factor would keep the owner out for good.
func (u *User) stopUndo(tx *pop.Connection, f *Factor) error {
	if f.Kind == FactorPasskey {
		return u.journal(tx).Used(f.ID)
	}
	list, err := factor.Of(tx, u.ID) // other kinds have one factor in use: restoring another stops, too
	return errors.Join(err, u.journal(tx).Used(list.OfKind(f.Kind).IDs()...))
}
