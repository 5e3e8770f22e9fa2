package factor

import (
	"time"

	"corral/internal/undo"
)

// Waiting is a change that an undo, or an operator's removal of factors, will make.
type Waiting struct {
	Kind  string // the kind of that change
	Name  string // the name of the passkey, or ""
	DueAt time.Time
}

// Waiting returns the changes that effects are, in their order. switchKinds are the kinds of
// turning the switch of [Items] on and off. The list must include removed factors.
func (l List) Waiting(effects []undo.Effect, switchKinds map[bool]string) (list []Waiting) {
	for _, e := range effects {
		w := Waiting{Kind: switchKinds[e.Use], DueAt: e.DueAt}
		if f := l.ByID(e.Item); f != nil { // nil: the switch
			w.Kind, w.Name = f.Kind+map[bool]string{true: undo.Added, false: undo.Removed}[e.Use], f.Name
		}
		list = append(list, w)
	}
	return list
}
