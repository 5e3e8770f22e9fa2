package factor

import (
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// List holds factors of one user, oldest first.
type List []Factor

// Of returns the factors of a user, including removed ones.
func Of(tx *pop.Connection, userID uuid.UUID) (list List, err error) {
	err = tx.Where("user_id = ?", userID).Order("id").All(&list)
	return list, database.Wrap("listing factors", err)
}

// InUse returns the factors that are in use.
func (l List) InUse() List { return l.Filter(func(f Factor) bool { return f.InUse() }) }

// Removed returns the factors that were removed.
func (l List) Removed() List { return l.Filter(func(f Factor) bool { return !f.InUse() }) }

// Restorable returns the removed factors that the user may restore. It leaves out factors
// that only an undo removed: they may be an attacker's.
func (l List) Restorable() List {
	return l.Filter(func(f Factor) bool { return !f.InUse() && f.RemovedNumber > 0 })
}

// OfKind returns the factors of the given kinds.
func (l List) OfKind(kinds ...string) List {
	return l.Filter(func(f Factor) bool { return slices.Contains(kinds, f.Kind) })
}

// Without returns the factors whose IDs are not among ids.
func (l List) Without(ids ...uuid.UUID) List {
	return l.Filter(func(f Factor) bool { return !slices.Contains(ids, f.ID) })
}

// Filter returns the factors for which keep returns true.
func (l List) Filter(keep func(f Factor) bool) (list List) {
	for _, f := range l {
		if keep(f) {
			list = append(list, f)
		}
	}
	return list
}

// ByID returns the factor with an ID, or nil.
func (l List) ByID(id uuid.UUID) *Factor {
	if i := slices.IndexFunc(l, func(f Factor) bool { return f.ID == id }); i >= 0 {
		return &l[i]
	}
	return nil
}

// Oldest returns the oldest factor, or nil.
func (l List) Oldest() *Factor {
	if len(l) == 0 {
		return nil
	}
	return &l[0]
}

// IDs returns the IDs of the factors.
func (l List) IDs() (ids []uuid.UUID) {
	for _, f := range l {
		ids = append(ids, f.ID)
	}
	return ids
}
