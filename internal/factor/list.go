package factor

import (
	"fmt"
	"slices"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/passkey"
)

// List holds factors of one user, oldest first.
type List []Factor

// Of returns the factors of a user, those that were removed too.
func Of(tx *pop.Connection, userID uuid.UUID) (list List, err error) {
	if err := tx.Where("user_id = ?", userID).Order("id").All(&list); err != nil {
		return nil, fmt.Errorf("listing factors: %w", err)
	}
	return list, nil
}

// InUse returns those that were not removed.
func (l List) InUse() List { return l.filter(func(f Factor) bool { return f.InUse() }) }

// Restorable returns those that were removed and may be taken back. One whose addition
// was undone may be an attacker's.
func (l List) Restorable() List {
	return l.filter(func(f Factor) bool { return !f.InUse() && f.RemovedNumber > 0 })
}

// OfKind returns those of the kinds.
func (l List) OfKind(kinds ...string) List {
	return l.filter(func(f Factor) bool { return slices.Contains(kinds, f.Kind) })
}

// Without returns those that are none of the ids.
func (l List) Without(ids ...uuid.UUID) List {
	return l.filter(func(f Factor) bool { return !slices.Contains(ids, f.ID) })
}

func (l List) filter(keep func(f Factor) bool) (list List) {
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

// Oldest returns the first one, or nil.
func (l List) Oldest() *Factor {
	if len(l) == 0 {
		return nil
	}
	return &l[0]
}

// IDs returns the IDs.
func (l List) IDs() (ids []uuid.UUID) {
	for _, f := range l {
		ids = append(ids, f.ID)
	}
	return ids
}

// Credentials returns those of passkeys.
func (l List) Credentials() (credentials []passkey.Credential) {
	for _, f := range l.OfKind(Passkey) {
		credentials = append(credentials, f.Credential())
	}
	return credentials
}
