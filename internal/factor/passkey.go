package factor

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
	"corral/internal/passkey"
)

// NewPasskey returns a factor for a credential. name must be normalized.
func NewPasskey(c passkey.Credential, name string) *Factor {
	return &Factor{Kind: Passkey, Name: name, CredentialID: c.ID, Data: c.Encode()}
}

// Credential returns the credential of a passkey.
func (f *Factor) Credential() passkey.Credential { return passkey.Decode(f.Data) }

// Rename renames a passkey. name must be normalized.
func (f *Factor) Rename(tx *pop.Connection, name string) error {
	f.Name = name
	return f.update(tx, "renaming a passkey", "name")
}

// VerifyPasskey verifies an answer as p.FinishLogin does, and returns the passkey that
// answered, even if it was removed.
func VerifyPasskey(db *pop.Connection, p *passkey.RelyingParty, purpose, subject string, a passkey.Answer) (f *Factor, v *passkey.Verified, err error) {
	v, err = p.FinishLogin(purpose, subject, a, func(id []byte) (handle []byte, c passkey.Credential, err error) {
		if f, err = ByCredential(db, id); err != nil {
			return nil, c, err
		}
		return f.UserID.Bytes(), f.Credential(), nil
	})
	return f, v, err
}

// RedeemPasskey reads the passkey anew, marks the challenge that it answered as used, and stores
// its credential. It returns passkey.ErrRefused if the passkey was removed, or
// passkey.ErrExpired if the challenge was used before.
func (f *Factor) RedeemPasskey(tx *pop.Connection, v *passkey.Verified, now time.Time) error {
	list, err := Of(tx, f.UserID)
	current := list.InUse().ByID(f.ID)
	if err != nil || current == nil {
		return cmp.Or(err, passkey.ErrRefused)
	}
	*f = *current
	if err := v.Redeem(tx, now); err != nil {
		return err
	}
	return f.StoreVerified(tx, v)
}

// StoreVerified stores the credential of a passkey after a use, which changes its counter
// and flags. It logs changes that the operator may want to know of.
func (f *Factor) StoreVerified(tx *pop.Connection, v *passkey.Verified) error {
	if v.CounterStuck { // a copy, or an authenticator that does not count
		slog.WarnContext(tx.Context(), "passkey counter stuck")
	}
	if v.BackupChanged { // synced from now on, or no longer
		slog.WarnContext(tx.Context(), "passkey backup changed")
	}
	f.Data = v.Credential.Encode()
	return f.update(tx, "storing a passkey", "data")
}

// ByCredential returns the passkey with a credential ID, even if it was removed, or
// passkey.ErrUnknown.
func ByCredential(tx *pop.Connection, id []byte) (*Factor, error) {
	var found List
	if err := tx.Where("credential_id = ?", id).All(&found); err != nil {
		return nil, fmt.Errorf("finding a passkey: %w", err)
	}
	if len(found) == 0 {
		return nil, passkey.ErrUnknown
	}
	return &found[0], nil
}

// DeletePasskey deletes the passkey with a credential ID if its ID is among ids.
func DeletePasskey(tx *pop.Connection, ids []uuid.UUID, credentialID []byte) error {
	if len(ids) == 0 {
		return nil
	}
	return database.Wrap("deleting a passkey", tx.RawQuery("DELETE FROM factors WHERE credential_id = ? AND id IN (?)", credentialID, ids).Exec())
}

// NewestPasskeyHost returns the host that the newest passkey in use works under, or "".
func NewestPasskeyHost(tx *pop.Connection) (string, error) {
	var found List
	err := tx.Where("kind = ? AND removed_at IS NULL", Passkey).Order("id DESC").Limit(1).All(&found)
	if err != nil || len(found) == 0 {
		return "", database.Wrap("finding a passkey", err)
	}
	return found[0].Credential().RPID, nil
}

// Credentials returns the credentials of the passkeys.
func (l List) Credentials() (credentials []passkey.Credential) {
	for _, f := range l.OfKind(Passkey) {
		credentials = append(credentials, f.Credential())
	}
	return credentials
}
