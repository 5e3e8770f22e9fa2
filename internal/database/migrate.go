package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/jackc/pgx/v5/pgconn"
)

// lockPause is the pause after a lock timeout, in which other statements proceed.
const lockPause = 5 * time.Second

// Migrate applies the missing migrations, on one node at a time. It returns an error
// if db has migrations that this release does not know: this release would misread the
// schema of a newer one. If none is missing, it does not wait for a node that migrates.
func Migrate(db *pop.Connection, migrations fs.FS) error {
	ctx := db.Context()
	upToDate := false
	// In a transaction: behind a pooler that allows none, the app must not start.
	err := db.Transaction(func(tx *pop.Connection) error {
		missing, unknown, err := CompareSchema(ctx, tx, migrations) // fails if there is no schema yet
		upToDate = err == nil && len(missing)+len(unknown) == 0
		return err
	})
	if err == nil && upToDate {
		return nil
	}
	err = WithLock(ctx, db, "migrations", func() error {
		box, err := pop.NewMigrationBox(migrations, db)
		if err != nil {
			return fmt.Errorf("migrations cannot be read: %w", err)
		}
		if err := box.CreateSchemaMigrations(); err != nil {
			// If the role may not read the table, pop tries to create it: return the cause.
			if _, _, readErr := CompareSchema(ctx, db, migrations); isForbidden(readErr) {
				return readErr
			}
			return fmt.Errorf("migrations cannot be recorded: %w", err)
		}
		missing, unknown, err := CompareSchema(ctx, db, migrations)
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			return newer(missing, unknown)
		}
		if len(missing) == 0 {
			return nil
		}
		return withoutForeignKeys(db, func(lax *pop.Connection) error {
			if err := up(lax, migrations); err != nil {
				return fmt.Errorf("migration failed: %w", err)
			}
			return checkForeignKeys(ctx, lax)
		})
	})
	if fix := remedy(err); fix != "" {
		return errors.New(oneLine(err) + fix)
	}
	return err
}

// up applies the missing migrations. On PostgreSQL a migration waits at most three seconds for a
// lock, and then begins again: while an ALTER TABLE waits for a long transaction, such as
// pg_dump's, all later statements on the table wait behind it, also those of other nodes.
func up(db *pop.Connection, migrations fs.FS) error {
	for {
		box, err := pop.NewMigrationBox(migrations, db) // a new one each time: a box can read its files only once
		if err != nil {
			return err
		}
		if db.Dialect.Name() == "postgres" {
			for i, m := range box.UpMigrations.Migrations {
				box.UpMigrations.Migrations[i].Runner = func(_ pop.Migration, tx *pop.Connection) error {
					if err := tx.RawQuery("SET LOCAL lock_timeout = '3s'").Exec(); err != nil {
						return err
					}
					return m.Run(tx)
				}
			}
		}
		var postgres *pgconn.PgError
		if err = box.Up(); !errors.As(err, &postgres) || postgres.Code != "55P03" { // lock_not_available
			return err
		}
		slog.WarnContext(db.Context(), "migration waits", "error", postgres)
		time.Sleep(lockPause)
	}
}

// CompareSchema returns the versions that db lacks, and the versions that only db has.
func CompareSchema(ctx context.Context, db *pop.Connection, migrations fs.FS) (missing, unknown []string, err error) {
	known, err := versions(migrations, db.Dialect.Name())
	if err != nil {
		return nil, nil, fmt.Errorf("migrations cannot be read: %w", err)
	}
	var applied []string
	query := "SELECT version FROM " + db.MigrationTableName() + " ORDER BY version"
	if err := db.Store.SelectContext(ctx, &applied, query); err != nil {
		return nil, nil, fmt.Errorf("migrations cannot be listed: %w", err)
	}
	return without(known, applied), without(applied, known), nil
}

// newer returns the error for unknown migrations. A newer release has those of this one, too:
// if some are missing, the database is probably another app's.
func newer(missing, unknown []string) error {
	another := ""
	if len(missing) > 0 {
		another = "; this may be another app's database: check DATABASE_URL"
	}
	return fmt.Errorf("the database is newer than this release (migration %s): start the newer release, or restore a backup%s", unknown[0], another)
}

func versions(migrations fs.FS, dialect string) (list []string, err error) {
	err = fs.WalkDir(migrations, ".", func(_ string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		m, err := pop.ParseMigrationFilename(file.Name())
		if err == nil && m != nil && m.Direction == "up" && (m.DBType == "all" || m.DBType == dialect) {
			list = append(list, m.Version)
		}
		return nil // pop skips other files too
	})
	return list, err
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(others, v) })
}
