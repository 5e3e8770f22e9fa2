package grifts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"corral/config"
	"corral/models"
)

func init() {
	add("db:backup", "FILE", "Writes the SQLite database into a new file, while the app goes on", backup)
}

// backup does not migrate: it is run before an update, to be able to go back.
func backup(args []string) error {
	c, err := config.Current()
	if err != nil {
		return err
	}
	if err := models.ConnectExisting(c); err != nil {
		return err
	}
	defer models.DB.Close()
	err = models.Backup(context.Background(), args[0])
	if errors.Is(err, models.ErrOwnTool) {
		// No success: whoever runs this at night would believe that there is a backup.
		return fmt.Errorf("this database is PostgreSQL, which has a tool for it: (umask 077 && pg_dump --format=custom --file=%s \"$DATABASE_URL\")",
			shellQuoted(args[0]))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The database was written to %s. To restore it: stop the app, put this file in place of the database's, remove the -wal and -shm files beside it, start the app.\n", args[0])
	return nil
}

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
