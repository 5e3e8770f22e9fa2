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
// has: the one that expires last. Until it expires, a reader of that email's mailbox can
// take the account back.
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

// endLinks ends all "this wasn't me" links that were mailed to an email that the account no
// longer has: the email of the link with the id. The user used the factor for this purpose
// alone. endLinks returns ErrNotFound, or ErrRefused if an attacker may have added the factor.
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

// isOlder reports whether a passkey or TOTP key is older than a link's lifetime, and
// than the link with the number: the link's mail may have been late. A restored factor is
// as old as its restoration.
func (u *User) isOlder(tx *pop.Connection, f *Factor, number int) (bool, error) {
	list, err := u.factors(tx)
	if err != nil || list.OfKind(FactorPasskey, FactorTOTP).ByID(f.ID) == nil {
		return false, err
	}
	young, err := u.journal(tx).Young(f.ID, number, Clock.Now().Add(-Lifetimes[PurposeUndo]))
	return !young, err
}
