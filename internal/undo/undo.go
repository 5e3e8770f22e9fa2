// Package undo stores the reversible changes of users' accounts, numbered from 1. It
// undoes a change together with all later ones, by whomever they were made. A link in a
// mail has the number of the change that it undoes.
//
// Some changes are changes of an item that is in use or not, such as a factor or a switch.
// The package undoes these, by the app's [Items]. The kind of such a change ends in Added,
// Removed, On or Off. The app undoes other changes, such as a change of the email.
//
//	j := undo.Journal{Tx: tx, UserID: user.ID, Items: items, Now: time.Now}
//	number, err := j.Add("totp"+undo.Added, uuid.NullUUID{UUID: totp, Valid: true})
//	…
//	changed, err := j.Undo(number, 0)
//	_, err = j.Undo(number, 24*time.Hour) // items change later, so that the owner may stop the undo
//	err = j.StopFor(totp)                 // a login has used the item: undos of it that wait stop
//
// An undo with a delay stores a waiting [Part] for each item. A background job finishes
// the parts that are due:
//
//	users, err := undo.DueUsers(db, time.Now())
//	… // for each user, in a transaction
//	due, err := j.Due()
//	changed, err := j.Finish(due)
//
// RemoveLater stores an operator's removals of items as waiting parts with the number 0. The
// app carries them out, not Finish.
//
// The caller must lock the user's row. A migration creates the tables:
//
//	create_table("changes") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("user_id", "uuid", {})
//		t.Column("number", "integer", {})
//		t.Column("kind", "string", {size: 32})
//		t.Column("factor_id", "uuid", {"null": true})
//		t.Column("undone", "bool", {default: false})
//		t.Column("created_at", "timestamp", {})
//		t.DisableTimestamps()
//	}
//	add_index("changes", ["user_id", "number"], {unique: true})
//
//	create_table("undo_parts") {
//		t.Column("id", "uuid", {primary: true})
//		t.Column("user_id", "uuid", {})
//		t.Column("number", "integer", {})
//		t.Column("factor_id", "uuid", {})
//		t.Column("due_at", "timestamp", {})
//		t.DisableTimestamps()
//	}
//	add_index("undo_parts", ["user_id", "due_at", "id"], {})
//	add_index("undo_parts", "due_at", {})
package undo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// These are the endings of the kinds of changes of an item.
const (
	Added   = "_added"
	Removed = "_removed"
	On      = "_on"
	Off     = "_off"
)

// Change is a row of the table changes.
type Change struct {
	ID        uuid.UUID     `db:"id"`
	UserID    uuid.UUID     `db:"user_id"`
	Number    int           `db:"number"` // orders the changes, which the clocks of several nodes could not
	Kind      string        `db:"kind"`
	Item      uuid.NullUUID `db:"factor_id"` // null if the change is not of an item
	Undone    bool          `db:"undone"`
	CreatedAt time.Time     `db:"created_at"` // or when the change was undone
}

func (Change) TableName() string { return "changes" }

// before reports whether the item was in use before the change.
func (c Change) before() bool {
	return strings.HasSuffix(c.Kind, Removed) || strings.HasSuffix(c.Kind, Off)
}

// Items are the items of a user, each of which is in use or not.
type Items interface {
	// InUse returns the items that are in use.
	InUse() ([]uuid.UUID, error)
	// Set takes an item into use or out of use, and reports whether it is in use now.
	// Another item in its place may prevent that.
	Set(item uuid.UUID, use bool) (inUse bool, err error)
}

// Journal is the list of changes of one user, within a transaction.
type Journal struct {
	Tx     *pop.Connection
	UserID uuid.UUID
	Items  Items
	Now    func() time.Time
}

// Add stores a change and returns its number.
func (j Journal) Add(kind string, item uuid.NullUUID) (number int, err error) {
	var numbers []int
	if err := j.Tx.RawQuery("SELECT COALESCE(MAX(number), 0) + 1 FROM changes WHERE user_id = ?", j.UserID).All(&numbers); err != nil {
		return 0, fmt.Errorf("numbering a change: %w", err)
	}
	c := &Change{ID: newID(), UserID: j.UserID, Number: numbers[0], Kind: kind, Item: item, CreatedAt: j.Now()}
	if err := j.Tx.Create(c); err != nil {
		return 0, fmt.Errorf("storing a change: %w", err)
	}
	return c.Number, nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) } // crypto/rand never fails

// Since returns the changes from a number on that are not undone, newest first.
func (j Journal) Since(number int) (list []Change, err error) {
	err = j.Tx.Where("user_id = ? AND number >= ? AND undone = ?", j.UserID, number, false).Order("number DESC").All(&list)
	return list, database.Wrap("listing changes", err)
}

// Newest returns the newest change of the kinds, or nil.
func (j Journal) Newest(kinds ...string) (*Change, error) {
	var list []Change
	err := j.Tx.Where("user_id = ?", j.UserID).Where("kind IN (?)", kinds).Order("number DESC").Limit(1).All(&list)
	if err != nil || len(list) == 0 {
		return nil, database.Wrap("finding a change", err)
	}
	return &list[0], nil
}

// Young reports whether an item has a waiting part, or was changed by a change from the
// number on, or by a change, or its undo, since the time.
func (j Journal) Young(item uuid.UUID, number int, since time.Time) (bool, error) {
	var found []int
	err := j.Tx.RawQuery(`SELECT 1 FROM undo_parts WHERE user_id = ? AND factor_id = ?
		UNION ALL SELECT 1 FROM changes WHERE user_id = ? AND factor_id = ? AND (number >= ? OR created_at >= ?)`,
		j.UserID, item, j.UserID, item, number, since).All(&found)
	return len(found) > 0, database.Wrap("looking for changes of an item", err)
}

// Undone returns which of the items had all their changes undone. A later undo leaves
// these items alone.
func (j Journal) Undone(items []uuid.UUID) ([]uuid.UUID, error) {
	if len(items) == 0 {
		return nil, nil
	}
	var list []Change
	err := database.Wrap("listing changes of items", j.Tx.Where("user_id = ? AND undone = ?", j.UserID, false).Where("factor_id IN (?)", items).All(&list))
	waiting, waitingErr := j.Waiting()
	return slices.DeleteFunc(items, func(item uuid.UUID) bool {
		return hasItem(waiting, item) || slices.ContainsFunc(list, func(c Change) bool { return c.Item.UUID == item })
	}), errors.Join(err, waitingErr)
}

// Undo undoes the changes from a number on, stops removals by an operator, and reports
// whether items changed. It changes items at once or, if delay is not 0, stores parts that
// wait for the delay. It does not postpone parts that wait already: an attacker could repeat
// that forever.
func (j Journal) Undo(number int, delay time.Duration) (changed bool, err error) {
	list, err := j.Since(number)
	if err != nil {
		return false, err
	}
	var parts []Part
	for _, c := range list {
		if c.Item.Valid && !hasItem(parts, c.Item.UUID) {
			parts = append(parts, Part{UserID: j.UserID, Number: number, Item: c.Item.UUID})
		}
	}
	if err := j.mark("factor_id IS NULL", number); err != nil {
		return false, err
	}
	if delay > 0 {
		return false, errors.Join(j.StopRemovals(), j.schedule(parts, j.Now().Add(delay)))
	}
	if err := j.stop("number = 0 OR number >= ?", number); err != nil { // removals, and parts whose work apply does now
		return false, err
	}
	return j.apply(parts)
}

// mark marks changes from a number on as undone, so that later undos ignore them. Their items
// change now, for Young.
func (j Journal) mark(where string, number int, args ...any) error {
	return database.Wrap("marking undone changes", j.Tx.RawQuery("UPDATE changes SET undone = ?, created_at = ? WHERE user_id = ? AND number >= ? AND "+where,
		append([]any{true, j.Now(), j.UserID, number}, args...)...).Exec())
}
