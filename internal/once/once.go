// Package once makes a secret that needs no row until then work once, on all nodes:
//
//	err := once.Use(tx, digest, time.Now().Add(lifetime))
//
// It needs this table in PostgreSQL or SQLite, with an index on expires_at, after which
// rows may be deleted:
//
//	CREATE TABLE used_challenges (
//		id         UUID NOT NULL PRIMARY KEY,
//		digest     BYTEA NOT NULL UNIQUE,
//		expires_at TIMESTAMP NOT NULL
//	)
package once

import (
	"errors"
	"fmt"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/database"
)

// ErrUsed means that the secret was used before.
var ErrUsed = errors.New("the secret was used before")

// Use uses up the secret of a digest, SHA-256, in the transaction that it serves. Its
// lifetime must end by expires. After ErrUsed the transaction can only be rolled back.
func Use(tx *pop.Connection, digest []byte, expires time.Time) error {
	err := tx.RawQuery("INSERT INTO used_challenges (id, digest, expires_at) VALUES (?, ?, ?)", uuid.Must(uuid.NewV7()), digest, expires).Exec()
	if database.IsDuplicate(err) {
		return ErrUsed
	}
	if err != nil {
		return fmt.Errorf("using a secret up: %w", err)
	}
	return nil
}
