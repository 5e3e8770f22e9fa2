package growth

import (
	"context"
	"database/sql"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/models"
)

// database is one of those that are compared.
type database struct {
	size int // sessions, and people
	made int // sessions ever
	pop  *pop.Connection
	// conn is for what the app does not do. The app gets the others, and reads
	// again what was written by this one.
	conn  *sql.Conn
	page  func(n int) error
	close func()
}

// open makes a database and fills it.
func (r Run) open(ctx context.Context, size int) (d *database, err error) {
	url, drop, err := r.NewDatabase()
	if err != nil {
		return nil, err
	}
	r.Config.DatabaseURL = url
	if err := models.Connect(r.Config); err != nil {
		drop()
		return nil, err
	}
	d = &database{size: size, made: size, pop: models.DB}
	d.close = func() { d.pop.Close(); drop() }
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if err := models.Migrate(); err != nil {
		return d, err
	}
	d.conn, err = d.pop.Store.(interface {
		Conn(context.Context) (*sql.Conn, error)
	}).Conn(ctx)
	if err != nil {
		return d, err
	}
	d.close = func() { d.conn.Close(); d.pop.Close(); drop() }
	d.page = newPage(r.Config, size)
	return d, fill(ctx, d.conn, size)
}

// limit fails to log in with an email of each database until one has to wait there for
// a quarter of an hour. They have one clock.
func limit(ctx context.Context, all []*database) {
	for range 16 {
		models.Clock.Move(15 * time.Minute)
		for _, d := range all {
			models.DB = d.pop
			models.LogIn(ctx, models.Credentials{Email: limitedEmail, Password: "x", Client: client(1 << 23)}, false)
		}
	}
}
