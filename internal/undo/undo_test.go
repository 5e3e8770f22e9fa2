package undo_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/undo"
)

// migrations is the migration in the package comment.
var migrations = fstest.MapFS{"20260101000000_create_changes.up.fizz": {Data: []byte(`
	create_table("changes") {
		t.Column("id", "uuid", {primary: true})
		t.Column("user_id", "uuid", {})
		t.Column("number", "integer", {})
		t.Column("kind", "string", {size: 32})
		t.Column("factor_id", "uuid", {"null": true})
		t.Column("undone", "bool", {default: false})
		t.Column("created_at", "timestamp", {})
		t.DisableTimestamps()
	}
	add_index("changes", ["user_id", "number"], {unique: true})

	create_table("undo_parts") {
		t.Column("id", "uuid", {primary: true})
		t.Column("user_id", "uuid", {})
		t.Column("number", "integer", {})
		t.Column("factor_id", "uuid", {})
		t.Column("due_at", "timestamp", {})
		t.DisableTimestamps()
	}
	add_index("undo_parts", ["user_id", "due_at", "id"], {})
	add_index("undo_parts", "due_at", {})
`)}}

// db is the database of all tests.
var db *pop.Connection

func TestMain(m *testing.M) { apptest.MainWithTables(m, &db, migrations) }

const day = 24 * time.Hour

// account is a user with items. Only one of the items called keys can be in use.
type account struct {
	t    testing.TB
	id   uuid.UUID
	now  time.Time
	used []uuid.UUID

	reads int         // calls of InUse
	keys  []uuid.UUID // in use or not
}

func (a *account) InUse() ([]uuid.UUID, error) {
	a.reads++
	return slices.Clone(a.used), nil
}

func (a *account) Set(item uuid.UUID, use bool) (inUse bool, err error) {
	isKey := func(id uuid.UUID) bool { return slices.Contains(a.keys, id) }
	switch {
	case !use:
		a.used = slices.DeleteFunc(a.used, func(id uuid.UUID) bool { return id == item })
	case isKey(item) && slices.ContainsFunc(a.used, isKey):
		return false, nil
	default:
		a.used = append(a.used, item)
	}
	return use, nil
}

// newAccount empties the tables and returns an account.
func newAccount(t testing.TB) *account {
	t.Helper()
	apptest.Empty(t, db)
	return &account{t: t, id: newID(), now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV4()) }

func (a *account) journal() undo.Journal {
	return undo.Journal{Tx: db, UserID: a.id, Items: a, Now: func() time.Time { return a.now }}
}

// change stores a change. If the change is of an item, it also changes the item.
func (a *account) change(kind string, item ...uuid.UUID) (number int) {
	a.t.Helper()
	changed := uuid.NullUUID{}
	for _, id := range item {
		changed = uuid.NullUUID{UUID: id, Valid: true}
		use := strings.HasSuffix(kind, undo.Added) || strings.HasSuffix(kind, undo.On)
		inUse, err := a.Set(id, use)
		require.NoError(a.t, err)
		require.Equal(a.t, use, inUse)
	}
	number, err := a.journal().Add(kind, changed)
	require.NoError(a.t, err)
	return number
}

func (a *account) add(kind string) (item uuid.UUID, number int) {
	a.t.Helper()
	item = newID()
	if kind == "key" {
		a.keys = append(a.keys, item)
	}
	return item, a.change(kind+undo.Added, item)
}

// undo undoes the changes from a number on and reports whether items changed.
func (a *account) undo(number int, delay time.Duration) bool {
	a.t.Helper()
	changed, err := a.journal().Undo(number, delay)
	require.NoError(a.t, err)
	return changed
}

func (a *account) waiting() []undo.Part {
	a.t.Helper()
	list, err := a.journal().Waiting()
	require.NoError(a.t, err)
	return list
}

// finish moves the clock, finishes the parts that are due, and reports whether items changed.
func (a *account) finish(after time.Duration) bool {
	a.t.Helper()
	a.now = a.now.Add(after)
	due, err := a.journal().Due()
	require.NoError(a.t, err)
	changed, err := a.journal().Finish(due)
	require.NoError(a.t, err)
	return changed
}

// requireUsed requires that exactly these items are in use.
func (a *account) requireUsed(items ...uuid.UUID) {
	a.t.Helper()
	require.ElementsMatch(a.t, items, a.used)
}

func TestAdd_NumbersChanges(t *testing.T) {
	a := newAccount(t)
	require.Equal(t, 1, a.change("email"))
	item, number := a.add("item")
	require.Equal(t, 2, number)
	other := *a
	other.id = newID()
	require.Equal(t, 1, other.change("email"), "another user's changes have numbers of their own")

	list, err := a.journal().Since(1)
	require.NoError(t, err)
	require.Equal(t, []string{"item_added", "email"}, []string{list[0].Kind, list[1].Kind}, "newest first")
	require.Equal(t, item, list[0].Item.UUID)
	require.True(t, a.now.Equal(list[1].CreatedAt))

	newest, err := a.journal().Newest("password", "email")
	require.NoError(t, err)
	require.Equal(t, 1, newest.Number)
	newest, err = a.journal().Newest("password")
	require.NoError(t, err)
	require.Nil(t, newest)
}

// An attacker may make many changes: an undo must not read the items for each one.
func TestUndo_ReadsTheItemsOnce(t *testing.T) {
	a := newAccount(t)
	for range 20 {
		a.add("item")
	}
	reads := func(do func()) int {
		before := a.reads
		do()
		return a.reads - before
	}
	require.Equal(t, 1, reads(func() { a.undo(1, day) }))
	require.Equal(t, 1, reads(func() {
		_, err := a.journal().Effects()
		require.NoError(t, err)
	}))
	require.Equal(t, 1, reads(func() { require.True(t, a.finish(day)) }))
	require.Empty(t, a.used)
	a.add("item")
	require.Equal(t, 1, reads(func() { a.undo(21, 0) }))
}

func TestUndo_AtOnce(t *testing.T) {
	a := newAccount(t)
	kept, _ := a.add("item")
	key, _ := a.add("key")
	number := a.change("email")
	a.change("key"+undo.Removed, key)
	a.add("key")
	a.change("item"+undo.Off, kept)
	require.True(t, a.undo(number, 0))
	a.requireUsed(kept, key)
	changes, err := a.journal().Since(number)
	require.NoError(t, err)
	require.Empty(t, changes, "a later undo ignores undone changes")
	require.False(t, a.undo(number, 0), "nothing is left to undo")
	require.True(t, a.undo(1, 0))
	a.requireUsed()
}

func TestUndo_Later(t *testing.T) {
	a := newAccount(t)
	kept, _ := a.add("item")
	added, number := a.add("item")
	a.change("item"+undo.Removed, kept)
	brief, _ := a.add("item")
	a.change("item"+undo.Removed, brief)
	require.False(t, a.undo(number, day))
	a.requireUsed(added)
	require.Len(t, a.waiting(), 2, "an item that the undo does not change needs no part")
	effects, err := a.journal().Effects()
	require.NoError(t, err)
	due := a.now.Add(day)
	for i, e := range effects {
		require.True(t, due.Equal(e.DueAt))
		effects[i].DueAt = time.Time{}
	}
	require.ElementsMatch(t, []undo.Effect{{Item: added}, {Item: kept, Use: true}}, effects)

	require.False(t, a.finish(day-time.Second))
	users, err := undo.DueUsers(db, a.now)
	require.NoError(t, err)
	require.Empty(t, users)
	a.now = a.now.Add(time.Second)
	users, err = undo.DueUsers(db, a.now)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{a.id}, users, "a user with two parts occurs once")
	require.True(t, a.finish(0))
	a.requireUsed(kept)
	require.Empty(t, a.waiting())
	require.False(t, a.finish(0), "nothing is due")
}

// An undo must not postpone or stop the parts of an earlier undo: an attacker could repeat
// the undo forever.
func TestUndo_KeepsThePartsOfAnEarlierUndo(t *testing.T) {
	a := newAccount(t)
	_, first := a.add("item")
	_, second := a.add("item")
	a.undo(second, day)
	a.now = a.now.Add(time.Hour)
	a.undo(first, day)
	effects, err := a.journal().Effects()
	require.NoError(t, err)
	require.Len(t, effects, 2, "one for each item")
	require.True(t, a.finish(23*time.Hour))
	require.Len(t, a.used, 1)
	require.True(t, a.finish(time.Hour))
	a.requireUsed()
}

// A waiting part will restore the item. A second undo, which removes the item again, must
// store a part although the item is not in use now.
func TestUndo_OfAnItemWithAWaitingPart(t *testing.T) {
	a := newAccount(t)
	item, first := a.add("item")
	number := a.change("item"+undo.Removed, item)
	a.undo(number, day)
	a.now = a.now.Add(time.Hour)
	a.undo(first, day)
	require.True(t, a.finish(23*time.Hour))
	a.requireUsed(item)
	require.True(t, a.finish(time.Hour))
	a.requireUsed()
}

// An attacker may undo again and again. The undos of other users must go on, and a statement
// takes at most 65,535 parameters on PostgreSQL, and 32,766 on SQLite.
func TestFinish_ManyParts(t *testing.T) {
	a := newAccount(t)
	kept, first := a.add("item")
	a.change("item"+undo.Removed, kept)
	due := a.now.Add(day)
	other := undo.Part{ID: newID(), UserID: newID(), Number: 1, Item: kept, DueAt: due.Add(time.Minute)}
	require.NoError(t, db.Create(&other))
	thousands := 33
	if db.Dialect.Name() == "postgres" {
		thousands = 66
	}
	for range thousands {
		var row []string
		var args []any
		for range 1000 {
			row, args = append(row, "(?, ?, ?, ?, ?)"), append(args, newID(), a.id, first+1, kept, due)
		}
		require.NoError(t, db.RawQuery("INSERT INTO undo_parts (id, user_id, number, factor_id, due_at) VALUES "+strings.Join(row, ", "), args...).Exec())
	}
	later := undo.Part{ID: newID(), UserID: a.id, Number: first, Item: kept, DueAt: due.Add(time.Hour)}
	require.NoError(t, db.Create(&later))
	users, err := undo.DueUsers(db, due.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{a.id, other.UserID}, users)
	require.True(t, a.finish(day))
	a.requireUsed(kept)
	require.Equal(t, []uuid.UUID{later.ID}, idsOf(a.waiting()), "only what is due ends")
	require.True(t, a.finish(time.Hour))
	a.requireUsed()
	rest, err := db.Count(&undo.Part{})
	require.NoError(t, err)
	require.Equal(t, 1, rest, "of the other user")
}

func idsOf(parts []undo.Part) (ids []uuid.UUID) {
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	return ids
}

// An undo without a delay also does what the waiting parts would do, and deletes these
// parts.
func TestUndo_AtOnceReplacesWaitingParts(t *testing.T) {
	a := newAccount(t)
	_, number := a.add("item")
	a.undo(number, day)
	require.True(t, a.undo(number, 0))
	require.Empty(t, a.waiting())
}

// A key does not return if another key is in its place. A later undo of the same change
// brings it back.
func TestFinish_KeyInThePlaceOfAnother(t *testing.T) {
	a := newAccount(t)
	earlier, first := a.add("key")
	number := a.change("key"+undo.Removed, earlier)
	a.undo(number, day)
	later, _ := a.add("key")
	require.False(t, a.finish(day))
	a.requireUsed(later)
	require.True(t, a.undo(number, 0))
	a.requireUsed(earlier)
	require.True(t, a.undo(first, 0))
	a.requireUsed()
}

// UndoRemoves is false if the owner has restored the item meanwhile.
func TestUndoRemoves(t *testing.T) {
	a := newAccount(t)
	kept, _ := a.add("item")
	added, number := a.add("item")
	a.change("item"+undo.Removed, kept)
	a.undo(number, day)
	a.change("item"+undo.Added, kept)
	for item, want := range map[uuid.UUID]bool{kept: false, added: true, newID(): false} {
		removes, err := a.journal().UndoRemoves(item)
		require.NoError(t, err)
		require.Equal(t, want, removes)
	}
}

func TestStays(t *testing.T) {
	a := newAccount(t)
	kept, _ := a.add("item")
	removed, _ := a.add("item")
	added, number := a.add("item")
	a.change("item"+undo.Removed, removed)
	a.undo(number, day)
	later, _ := a.add("item")
	for item, want := range map[uuid.UUID]bool{kept: true, removed: false, added: false, later: false} {
		stays, err := a.journal().Stays(item, a.waiting())
		require.NoError(t, err)
		require.Equal(t, want, stays)
	}
	require.NoError(t, a.journal().StopFor(added))
	stays, err := a.journal().Stays(added, a.waiting())
	require.NoError(t, err)
	require.False(t, stays, "a login does not make an item the owner's")
}

func TestYoung(t *testing.T) {
	a := newAccount(t)
	item, number := a.add("item")
	other, _ := a.add("item")
	require.NoError(t, a.journal().RemoveLater(a.now.Add(day), []uuid.UUID{other}))
	for name, test := range map[string]struct {
		item   uuid.UUID
		number int
		at     time.Time
		want   bool
	}{
		"older than the number and the time": {item: item, number: number + 1, at: a.now.Add(time.Second), want: false},
		"younger by the number":              {item: item, number: number, at: a.now.Add(time.Second), want: true},
		"younger by the time":                {item: item, number: number + 1, at: a.now, want: true},
		"due for removal":                    {item: other, number: number + 9, at: a.now.Add(time.Second), want: true},
		"unknown item":                       {item: newID(), number: number, at: a.now, want: false},
	} {
		young, err := a.journal().Young(test.item, test.number, test.at)
		require.NoError(t, err)
		require.Equal(t, test.want, young, name)
	}
}

func TestRemoveLater(t *testing.T) {
	a := newAccount(t)
	item, number := a.add("item")
	other, _ := a.add("item")
	plan := func() {
		require.NoError(t, a.journal().RemoveLater(a.now.Add(day), []uuid.UUID{item, other}))
		items, due := undo.OperatorRemovals(a.waiting())
		require.ElementsMatch(t, []uuid.UUID{item, other}, items)
		require.True(t, a.now.Add(day).Equal(due))
	}
	plan()
	removes, err := a.journal().UndoRemoves(item)
	require.NoError(t, err)
	require.False(t, removes, "a removal by an operator does not count")
	require.False(t, a.finish(day), "the app removes the items")
	a.requireUsed(item, other)

	for name, stop := range map[string]func() error{
		"a login":      func() error { return a.journal().StopFor(item) },
		"the operator": func() error { return a.journal().StopRemovals() },
		"an undo":      func() error { _, err := a.journal().Undo(number+9, day); return err }, // undoes no change
	} {
		plan()
		require.NoError(t, stop())
		require.Empty(t, a.waiting(), name)
	}
}

func TestStopFor(t *testing.T) {
	a := newAccount(t)
	used, number := a.add("item")
	a.add("item")
	a.undo(number, day)
	require.NoError(t, a.journal().StopFor(used, newID()))
	require.Len(t, a.waiting(), 1, "the part of the other item still waits")
	require.NoError(t, a.journal().Drop(a.waiting()))
	require.Empty(t, a.waiting())
	require.NoError(t, a.journal().Drop(nil))
	require.Len(t, a.used, 2)
}

func TestJournal_Undone(t *testing.T) {
	a := newAccount(t)
	removed, _ := a.add("app")
	number := a.change("app"+undo.Removed, removed)
	added, _ := a.add("app")
	requireUndone := func(want ...uuid.UUID) {
		t.Helper()
		undone, err := a.journal().Undone([]uuid.UUID{removed, added})
		require.NoError(t, err)
		require.ElementsMatch(t, want, undone)
	}
	requireUndone()
	a.undo(number, day)
	requireUndone()
	a.now = a.now.Add(time.Hour)
	a.undo(1, day)
	a.finish(day - time.Hour)
	requireUndone() // the second undo waits
	a.finish(time.Hour)
	requireUndone(removed, added)
}
