// Package once makes a secret work only once, on all nodes. The secret needs no row
// until it is used:
//
//	err := once.Use(tx, digest, time.Now().Add(lifetime))
//
// The package needs this table in PostgreSQL or SQLite, with an index on expires_at.
// Delete the rows after that time:
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

// margin keeps a row longer than its secret is valid. Clocks differ: a node whose clock is
// behind would accept the secret again after a node whose clock is ahead deleted the row.
const margin = time.Minute

// Use marks a secret, given by its SHA-256 digest, as used. Call it in the transaction
// of what the secret allows. The secret must not be valid after expires. If Use returns
// ErrUsed, the transaction must be rolled back.
func Use(tx *pop.Connection, digest []byte, expires time.Time) error {
	err := tx.RawQuery("INSERT INTO used_challenges (id, digest, expires_at) VALUES (?, ?, ?)", uuid.Must(uuid.NewV7()), digest, expires.Add(margin)).Exec()
	if database.IsDuplicate(err, "used_challenges", "digest") {
		return ErrUsed
	}
	if err != nil {
		return fmt.Errorf("using a secret up: %w", err)
	}
	return nil
}
