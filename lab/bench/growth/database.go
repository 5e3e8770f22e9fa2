package growth

import (
	"context"
	"database/sql"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/models"
)

type database struct {
	size     int // number of users, and of the sessions that fill adds
	sessions int // number of sessions ever added, including deleted ones
	pop      *pop.Connection
	// conn changes rows without the app, so that the app's caches do not notice.
	conn  *sql.Conn
	page  func(n int) error
	close func()
}

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
	d = &database{size: size, sessions: size, pop: models.DB}
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

// fillBucket makes failed logins until limitedEmail has to wait 15 minutes, in each
// database. The databases share the clock.
func fillBucket(ctx context.Context, all []*database) {
	for range 16 {
		models.Clock.Move(15 * time.Minute)
		models.DatabaseClock.Move(15 * time.Minute)
		for _, d := range all {
			models.DB = d.pop
			models.LogIn(ctx, models.Credentials{Email: limitedEmail, Password: "x", Client: client(1 << 23)}, false)
		}
	}
}
