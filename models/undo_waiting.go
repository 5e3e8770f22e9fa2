package models

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Waiting is what a part of an undo will do.
type Waiting struct {
	Kind  string // of the change that it will make
	Name  string // of a passkey
	DueAt time.Time
}

// WaitingOf returns what waits in an account, the next first.
func WaitingOf(ctx context.Context, user *User) (list []Waiting, err error) {
	tx := DB.WithContext(ctx)
	parts, err := undoPartsOf(tx, user)
	listed := map[string]bool{}
	for _, p := range parts {
		var found []Factor // none: the switch
		before, beforeErr := user.stateBefore(tx, p)
		if err := errors.Join(beforeErr, tx.Where("id = ?", p.FactorID).All(&found)); err != nil {
			return nil, fmt.Errorf("listing what waits: %w", err)
		}
		w := Waiting{Kind: secondStepKind[before], DueAt: p.DueAt}
		for _, f := range found {
			w.Kind, w.Name = f.Kind+map[bool]string{true: added, false: removed}[before], f.Name
		}
		if key := p.FactorID.String() + w.Kind; !listed[key] { // a second undo may do what the first one did
			listed[key] = true
			list = append(list, w)
		}
	}
	return list, err
}
