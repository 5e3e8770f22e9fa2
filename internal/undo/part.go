package undo

import (
	"fmt"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// Part is a row of the table undo_parts: what a waiting undo, or a waiting removal by an
// operator, will do to an item.
type Part struct {
	ID     uuid.UUID `db:"id"`
	UserID uuid.UUID `db:"user_id"`
	Number int       `db:"number"` // the number of the oldest change to undo; 0 for a removal by an operator
	Item   uuid.UUID `db:"factor_id"`
	DueAt  time.Time `db:"due_at"`
}

func (Part) TableName() string { return "undo_parts" }

func hasItem(parts []Part, item uuid.UUID) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Item == item })
}

// Waiting returns the waiting parts, the earliest due first.
func (j Journal) Waiting() (list []Part, err error) {
	err = j.Tx.Where("user_id = ?", j.UserID).Order("due_at, id").All(&list)
	return list, database.Wrap("listing parts of undos", err)
}

// Due returns the parts that are due.
func (j Journal) Due() ([]Part, error) {
	list, err := j.Waiting()
	return slices.DeleteFunc(list, func(p Part) bool { return p.DueAt.After(j.Now()) }), err
}

// DueUsers returns the users who have parts that are due.
func DueUsers(tx *pop.Connection, now time.Time) (users []uuid.UUID, err error) {
	if err := tx.RawQuery("SELECT user_id FROM undo_parts WHERE due_at <= ? ORDER BY due_at", now).All(&users); err != nil {
		return nil, fmt.Errorf("finding due undos: %w", err)
	}
	seen := map[uuid.UUID]bool{}
	return slices.DeleteFunc(users, func(id uuid.UUID) bool {
		again := seen[id]
		seen[id] = true
		return again
	}), nil
}

// OperatorRemovals returns the items that an operator removes, and the time at which the removals are due.
func OperatorRemovals(parts []Part) (items []uuid.UUID, due time.Time) {
	for _, p := range parts {
		if p.Number == 0 {
			items, due = append(items, p.Item), p.DueAt
		}
	}
	return items, due
}

// RemoveLater stores an operator's removals of items, which wait until due.
func (j Journal) RemoveLater(due time.Time, items []uuid.UUID) error {
	for _, item := range items {
		if err := j.store(Part{Item: item, DueAt: due}); err != nil {
			return err
		}
	}
	return nil
}

// schedule stores the parts that change something, or whose item has a waiting part, and marks
// the changes of the other parts as undone: there is nothing to wait for. It stores a part even
// if a waiting one has the same effect: another item may be in the item's place when that one is
// due.
func (j Journal) schedule(parts []Part, due time.Time) error {
	waiting, err := j.Waiting()
	if err != nil {
		return err
	}
	s, err := j.read(parts)
	if err != nil {
		return err
	}
	waits := map[uuid.UUID]bool{}
	for _, p := range waiting {
		waits[p.Item] = true
	}
	for _, p := range parts {
		inUse, wasInUse := s.of(p)
		if inUse == wasInUse && !waits[p.Item] {
			if err := j.mark("factor_id = ?", p.Number, p.Item); err != nil {
				return err
			}
			continue
		}
		p.DueAt = due
		if err := j.store(p); err != nil {
			return err
		}
	}
	return nil
}

func (j Journal) store(p Part) error {
	p.ID, p.UserID = newID(), j.UserID
	return database.Wrap("storing a part of an undo", j.Tx.Create(&p))
}

// states holds the items in use and the changes of items, newest first. They are read once,
// not for each part: an attacker may have made many changes.
type states struct {
	used    map[uuid.UUID]bool
	changes map[uuid.UUID][]Change
}

// read returns the states of the parts' items.
func (j Journal) read(parts []Part) (s states, err error) {
	s = states{map[uuid.UUID]bool{}, map[uuid.UUID][]Change{}}
	if len(parts) == 0 {
		return s, nil
	}
	used, err := j.Items.InUse()
	if err != nil {
		return s, err
	}
	for _, item := range used {
		s.used[item] = true
	}
	list, err := j.Since(oldest(parts).Number)
	for _, c := range list {
		if c.Item.Valid {
			s.changes[c.Item.UUID] = append(s.changes[c.Item.UUID], c)
		}
	}
	return s, err
}

// oldest returns the part that undoes the oldest changes: that with the lowest number.
func oldest(parts []Part) Part {
	return slices.MinFunc(parts, func(a, b Part) int { return a.Number - b.Number })
}

// of reports whether the item of a part is in use, and whether it was in use before the changes
// that the part undoes.
func (s states) of(p Part) (inUse, wasInUse bool) {
	inUse = s.used[p.Item]
	wasInUse = inUse // if no change of the item remains to be undone
	for _, c := range s.changes[p.Item] {
		if c.Number >= p.Number { // newest first: the last match is the oldest change
			wasInUse = c.before()
		}
	}
	return inUse, wasInUse
}

// undoes reports whether there are changes that the part undoes.
func (s states) undoes(p Part) bool {
	return slices.ContainsFunc(s.changes[p.Item], func(c Change) bool { return c.Number >= p.Number })
}

// undo removes from s the changes that the part undoes.
func (s states) undo(p Part) {
	s.changes[p.Item] = slices.DeleteFunc(s.changes[p.Item], func(c Change) bool { return c.Number >= p.Number })
}

// Finish carries out parts, except an operator's removals, and deletes all of them. It
// reports whether items changed.
func (j Journal) Finish(parts []Part) (changed bool, err error) {
	if changed, err = j.apply(parts); err != nil {
		return false, err
	}
	return changed, j.Drop(parts)
}

// apply carries out parts. It first takes items out of use, which makes room for items that
// are restored.
func (j Journal) apply(parts []Part) (changed bool, err error) {
	s, err := j.read(parts)
	if err != nil {
		return false, err
	}
	for _, restoring := range []bool{false, true} {
		for _, p := range parts {
			inUse, wasInUse := s.of(p)
			if wasInUse != restoring || p.Number == 0 {
				continue
			}
			if inUse != wasInUse {
				if inUse, err = j.Items.Set(p.Item, wasInUse); err != nil {
					return false, err
				}
				s.used[p.Item] = inUse
				changed = changed || inUse == wasInUse
			}
			// Another item may be in its place: then leave the changes to an undo of an earlier one.
			// Mark changes once: an attacker may have stored many parts for them.
			if inUse != wasInUse || !s.undoes(p) {
				continue
			}
			if err := j.mark("factor_id = ?", p.Number, p.Item); err != nil {
				return false, err
			}
			s.undo(p)
		}
	}
	return changed, nil
}

// Effect is what a part will do.
type Effect struct {
	Item  uuid.UUID
	Use   bool // whether the item will be in use
	DueAt time.Time
}

// Effects returns the effects of the waiting parts, the earliest due first. Parts with the
// same effect give one effect.
func (j Journal) Effects() (list []Effect, err error) {
	waiting, err := j.Waiting()
	if err != nil {
		return nil, err
	}
	s, err := j.read(waiting)
	for _, p := range waiting {
		_, wasInUse := s.of(p)
		if !slices.ContainsFunc(list, func(e Effect) bool { return e.Item == p.Item && e.Use == wasInUse }) {
			list = append(list, Effect{p.Item, wasInUse, p.DueAt})
		}
	}
	return list, err
}

// UndoRemoves reports whether a waiting part of an undo takes an item out of use. An attacker may
// have added such an item. Removals by an operator do not count: those items are the
// owner's.
func (j Journal) UndoRemoves(item uuid.UUID) (bool, error) {
	waiting, err := j.Waiting()
	if err != nil {
		return false, err
	}
	waiting = slices.DeleteFunc(waiting, func(p Part) bool { return p.Item != item || p.Number == 0 })
	s, err := j.read(waiting)
	return err == nil && slices.ContainsFunc(waiting, func(p Part) bool {
		_, wasInUse := s.of(p) // true if the undo restores the item, even if the owner has meanwhile
		return !wasInUse
	}), err
}

// Stays reports whether an item is in use, was in use before all changes that parts undo, and
// has no part. An attacker has not added such an item.
func (j Journal) Stays(item uuid.UUID, parts []Part) (bool, error) {
	p := Part{Number: oldest(parts).Number, Item: item}
	s, err := j.read([]Part{p})
	inUse, wasInUse := s.of(p)
	return inUse && wasInUse && !hasItem(parts, item), err
}

// StopFor stops the parts for items that a login has used, and an operator's removals.
func (j Journal) StopFor(items ...uuid.UUID) error {
	return j.stop("number = 0 OR factor_id IN (?)", items)
}

// StopRemovals stops an operator's removals.
func (j Journal) StopRemovals() error { return j.stop("number = 0") }

// Drop deletes the parts that Waiting or Due returned. It deletes by time, because a list of IDs
// could exceed the database's limit of parameters.
func (j Journal) Drop(parts []Part) error {
	if len(parts) == 0 { // another node has finished the parts
		return nil
	}
	return j.stop("due_at <= ?", parts[len(parts)-1].DueAt)
}

func (j Journal) stop(where string, args ...any) error {
	return database.Wrap("deleting parts of undos", j.Tx.RawQuery("DELETE FROM undo_parts WHERE user_id = ? AND ("+where+")", append([]any{j.UserID}, args...)...).Exec())
}
