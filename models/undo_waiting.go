package models

import (
	"context"
	"errors"
	"time"

	"corral/internal/factor"
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
	factors, factorsErr := factor.Of(tx, user.ID)
	listed := map[string]bool{}
	for _, p := range parts {
		before, err := user.stateBefore(tx, p)
		if err != nil {
			return nil, err
		}
		w := Waiting{Kind: secondStepKind[before], DueAt: p.DueAt}
		if f := factors.ByID(p.FactorID); f != nil { // nil: the switch
			w.Kind, w.Name = f.Kind+map[bool]string{true: added, false: removed}[before], f.Name
		}
		if key := p.FactorID.String() + w.Kind; !listed[key] { // a second undo may do what the first one did
			listed[key] = true
			list = append(list, w)
		}
	}
	return list, errors.Join(err, factorsErr)
}
