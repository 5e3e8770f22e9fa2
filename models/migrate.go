package models

import (
	"fmt"
	"slices"

	"github.com/gobuffalo/pop/v6"

	"corral/migrations"
)

// migrationLock is the number of the advisory lock that keeps two nodes from
// migrating PostgreSQL at once. Any constant does.
const migrationLock = 20261122

// Migrate brings the schema up to this release. It refuses a database that a
// newer release has migrated: running on would write what that one misreads.
func Migrate() error {
	box, err := pop.NewMigrationBox(migrations.FS, DB)
	if err != nil {
		return fmt.Errorf("migrations cannot be read: %w", err)
	}
	return withMigrationLock(func() error {
		if err := box.CreateSchemaMigrations(); err != nil {
			return fmt.Errorf("migrations cannot be counted: %w", err)
		}
		if err := refuseNewer(box.UpMigrations.Migrations); err != nil {
			return err
		}
		if err := box.Up(); err != nil {
			return fmt.Errorf("migration failed: %w", err)
		}
		return nil
	})
}

func refuseNewer(known pop.Migrations) error {
	var applied []string
	if err := DB.Store.Select(&applied, "SELECT version FROM schema_migration ORDER BY version"); err != nil {
		return fmt.Errorf("migrations cannot be listed: %w", err)
	}
	for _, version := range applied {
		if !slices.ContainsFunc(known, func(m pop.Migration) bool { return m.Version == version }) {
			return fmt.Errorf("the database is newer than this release (migration %s): start the newer release, or restore a backup", version)
		}
	}
	return nil
}

func withMigrationLock(migrate func() error) error {
	if DB.Dialect.Name() != "postgres" {
		return migrate() // SQLite has one node
	}
	return DB.Transaction(func(tx *pop.Connection) error {
		if err := mayIdle(tx); err != nil {
			return err
		}
		if err := tx.RawQuery("SELECT pg_advisory_xact_lock(?)", migrationLock).Exec(); err != nil {
			return fmt.Errorf("migrations cannot be locked: %w", err)
		}
		return migrate()
	})
}

// mayIdle is for a transaction on PostgreSQL that holds a lock and does nothing
// else, while others work under it for as long as they need: see withTimeouts.
func mayIdle(tx *pop.Connection) error {
	if err := tx.RawQuery("SET LOCAL idle_in_transaction_session_timeout = 0").Exec(); err != nil {
		return fmt.Errorf("a lock cannot be held: %w", err)
	}
	return nil
}
