package factor

import (
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Items are the factors of a user, and a switch, as the items of package undo.
type Items struct {
	Tx     *pop.Connection
	UserID uuid.UUID
	Now    func() time.Time

	Switch uuid.UUID           // the item that is in use while On is true
	On     *bool               // changed by Turn
	Turn   func(on bool) error // stores the switch
}

// InUse implements undo.Items.
func (i Items) InUse() ([]uuid.UUID, error) {
	list, err := Of(i.Tx, i.UserID)
	ids := list.InUse().IDs()
	if *i.On {
		ids = append(ids, i.Switch)
	}
	return ids, err
}

// Set implements undo.Items. At most one TOTP key and one set of codes can be in use: Set
// restores no second one.
func (i Items) Set(item uuid.UUID, use bool) (inUse bool, err error) {
	if item == i.Switch {
		return use, i.Turn(use)
	}
	var found List
	if err := i.Tx.Where("user_id = ? AND id = ?", i.UserID, item).All(&found); err != nil || len(found) == 0 { // purged
		return false, err
	}
	f := &found[0]
	if !use {
		return false, f.Remove(i.Tx, i.Now(), f.RemovedNumber) // an undone "take back" may be repeated
	}
	if f.Kind != Passkey {
		list, err := Of(i.Tx, i.UserID)
		if err != nil || len(list.InUse().OfKind(f.Kind)) > 0 {
			return false, err
		}
	}
	return true, f.Restore(i.Tx)
}
