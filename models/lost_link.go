package models

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gobuffalo/pop/v6"
)

// LostLinksOf returns a "this wasn't me" link for each email that the account no longer
// has: the one that expires last. Until then, the reader of that mailbox, perhaps an
// attacker, can take the account back.
func LostLinksOf(ctx context.Context, user *User) ([]Token, error) {
	list, err := user.lostLinks(DB.WithContext(ctx))
	slices.SortFunc(list, func(a, b Token) int {
		return cmp.Or(strings.Compare(a.Email, b.Email), b.ExpiresAt.Compare(a.ExpiresAt))
	})
	return slices.CompactFunc(list, func(a, b Token) bool { return a.Email == b.Email }), err
}

func (u *User) lostLinks(tx *pop.Connection) (list []Token, err error) {
	err = tx.Where("user_id = ? AND purpose = ? AND email <> ? AND redeemed = ? AND expires_at > ?",
		u.ID, PurposeUndo, u.Email, false, Clock.Now()).All(&list)
	return list, wrap("listing links of lost emails", err)
}

// endLinks ends all "this wasn't me" links to the former email that the link with the id was
// mailed to. The user must have used the factor just now, to end the links. endLinks returns
// ErrNotFound without such a link, and ErrRefused if an attacker may have added the factor.
func (u *User) endLinks(tx *pop.Connection, id string, factor *Factor, client Client) error {
	list, err := u.lostLinks(tx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(t Token) bool { return t.ID.String() == id })
	if i < 0 {
		return ErrNotFound
	}
	oldest := slices.MinFunc(list, func(a, b Token) int { return a.Number - b.Number })
	if older, err := u.isOlder(tx, factor, oldest.Number); err != nil || !older {
		return errors.Join(err, ErrRefused)
	}
	if _, err := exec(tx, "ending links", "DELETE FROM tokens WHERE user_id = ? AND purpose = ? AND email = ? AND redeemed = ?",
		u.ID, PurposeUndo, list[i].Email, false); err != nil {
		return err
	}
	return u.record(tx, ActivityLinksEnded, client)
}

// isOlder reports whether f is a passkey or TOTP key that has not changed for the lifetime of
// a link, nor since the change with the number: a link whose mail was late expires later.
func (u *User) isOlder(tx *pop.Connection, f *Factor, number int) (bool, error) {
	list, err := u.factors(tx)
	if err != nil || list.OfKind(FactorPasskey, FactorTOTP).ByID(f.ID) == nil {
		return false, err
	}
	young, err := u.journal(tx).Young(f.ID, number, Clock.Now().Add(-Lifetimes[PurposeUndo]))
	return !young, err
}
