package grifts

import (
	"context"

	"corral/config"
	"corral/internal/database"
	"corral/models"
)

// notBackedUp lists the tables left out: a restore must not revive ended sessions or links.
var notBackedUp = []string{"sessions", "device_cookies", "tokens"}

// backup writes a SQLite database to args[0]. It does not migrate the schema: operators make
// a backup before an update.
func backup(args []string) error {
	return connected(models.ConnectExisting, func(c config.Config) error {
		if err := database.Backup(context.Background(), models.DB, c.DatabaseURL, args[0], notBackedUp...); err != nil {
			return err
		}
		say("The database was written to %s. To restore it: stop the app, replace the database file with it, remove the -wal and -shm files of the database, start the app.", args[0])
		return nil
	})
}
