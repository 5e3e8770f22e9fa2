package undo

import (
	"fmt"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
)

// Part is a row of the table undo_parts: what waits for one item.
type Part struct {
	ID     uuid.UUID `db:"id"`
	UserID uuid.UUID `db:"user_id"`
	Number int       `db:"number"` // of the oldest change to undo; 0: a removal of an operator
	Item   uuid.UUID `db:"factor_id"`
	DueAt  time.Time `db:"due_at"`
}

func (Part) TableName() string { return "undo_parts" }

func has(parts []Part, item uuid.UUID) bool {
	return slices.ContainsFunc(parts, func(p Part) bool { return p.Item == item })
}

// Pending returns what waits, the next first.
func (j Journal) Pending() (list []Part, err error) {
	err = j.Tx.Where("user_id = ?", j.UserID).Order("due_at, id").All(&list)
	return list, wrap("listing parts of undos", err)
}

// Due returns what waits and is due.
func (j Journal) Due() ([]Part, error) {
	list, err := j.Pending()
	return slices.DeleteFunc(list, func(p Part) bool { return p.DueAt.After(j.Now()) }), err
}

// Due returns the users for whom something is due.
func Due(tx *pop.Connection, now time.Time) (users []uuid.UUID, err error) {
	if err := tx.RawQuery("SELECT user_id FROM undo_parts WHERE due_at <= ? ORDER BY due_at", now).All(&users); err != nil {
		return nil, fmt.Errorf("finding due undos: %w", err)
	}
	return slices.Compact(users), nil // a user between others is there again: finds nothing
}

// Removals returns the items of an operator's removals among parts, and when they are
// due.
func Removals(parts []Part) (items []uuid.UUID, due time.Time) {
	for _, p := range parts {
		if p.Number == 0 {
			items, due = append(items, p.Item), p.DueAt
		}
	}
	return items, due
}

// RemoveLater has an operator's removals of items wait.
func (j Journal) RemoveLater(due time.Time, items []uuid.UUID) error {
	for _, item := range items {
		if err := j.store(Part{Item: item, DueAt: due}); err != nil {
			return err
		}
	}
	return nil
}

// schedule stores the parts that may change something. What waits for the same does
// not do: another item may still be in its place, or it may be stopped.
func (j Journal) schedule(parts []Part, due time.Time) error {
	pending, err := j.Pending()
	if err != nil {
		return err
	}
	for _, p := range parts {
		now, before, err := j.states(p)
		if err != nil {
			return err
		}
		if now == before && !has(pending, p.Item) {
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
	return wrap("storing a part of an undo", j.Tx.Create(&p))
}

// states reports whether the item of a part is in use, and whether it was before the
// changes that the part undoes.
func (j Journal) states(p Part) (now, before bool, err error) {
	used, err := j.Items.InUse()
	if err != nil {
		return false, false, err
	}
	now = slices.Contains(used, p.Item)
	before = now // unless there are changes that are not undone already
	list, err := j.Since(p.Number)
	for _, c := range list { // the oldest tells
		if c.Item.Valid && c.Item.UUID == p.Item {
			before = c.before()
		}
	}
	return now, before, err
}

// Finish undoes parts, but for removals, and deletes them all. It reports whether
// items changed.
func (j Journal) Finish(parts []Part) (changed bool, err error) {
	if changed, err = j.apply(parts); err != nil {
		return false, err
	}
	return changed, j.Drop(parts)
}

// apply undoes parts. Removals make room for what is restored.
func (j Journal) apply(parts []Part) (changed bool, err error) {
	for _, restoring := range []bool{false, true} {
		for _, p := range parts {
			now, before, err := j.states(p)
			if err != nil {
				return false, err
			}
			if before != restoring || p.Number == 0 {
				continue
			}
			if now != before {
				if now, err = j.Items.Set(p.Item, before); err != nil {
					return false, err
				}
				changed = changed || now == before
			}
			if now != before { // another one is in its place: a lower link may restore it
				continue
			}
			if err := j.mark("factor_id = ?", p.Number, p.Item); err != nil {
				return false, err
			}
		}
	}
	return changed, nil
}

// Effect is what a part will do.
type Effect struct {
	Item  uuid.UUID
	Use   bool // takes the item into use, or out of use
	DueAt time.Time
}

// Effects returns what the parts that wait will do, the next first. Several may be to
// the same effect.
func (j Journal) Effects() (list []Effect, err error) {
	pending, err := j.Pending()
	for _, p := range pending {
		_, before, err := j.states(p)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(e Effect) bool { return e.Item == p.Item && e.Use == before }) {
			list = append(list, Effect{p.Item, before, p.DueAt})
		}
	}
	return list, err
}

// Removes reports whether an undo takes an item out of use soon: an attacker may have
// added it. What an operator removes is the owner's.
func (j Journal) Removes(item uuid.UUID) (bool, error) {
	pending, err := j.Pending()
	for _, p := range pending {
		if p.Item != item || p.Number == 0 {
			continue
		}
		if _, before, err := j.states(p); err != nil || !before { // not if it was taken back meanwhile
			return err == nil, err
		}
	}
	return false, err
}

// Stays reports whether an item is in use and was before all that parts undo: an
// attacker did not add it.
func (j Journal) Stays(item uuid.UUID, parts []Part) (bool, error) {
	oldest := slices.MinFunc(parts, func(a, b Part) int { return a.Number - b.Number })
	now, before, err := j.states(Part{Number: oldest.Number, Item: item})
	return now && before && !has(parts, item), err
}

// Used stops the parts for items that a login used, and an operator's removals.
func (j Journal) Used(items ...uuid.UUID) error {
	return j.stop("number = 0 OR factor_id IN (?)", items)
}

// StopRemovals stops an operator's removals.
func (j Journal) StopRemovals() error { return j.stop("number = 0") }

// Drop deletes parts.
func (j Journal) Drop(parts []Part) error {
	var ids []uuid.UUID
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	if len(ids) == 0 { // another node was first
		return nil
	}
	return j.stop("id IN (?)", ids)
}

func (j Journal) stop(which string, args ...any) error {
	return wrap("deleting parts of undos", j.Tx.RawQuery("DELETE FROM undo_parts WHERE user_id = ? AND ("+which+")", append([]any{j.UserID}, args...)...).Exec())
}
