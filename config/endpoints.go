package config

import (
	"net"
	"net/url"
	"path/filepath"
	"slices"

	"corral/internal/env"
	"corral/internal/web"
)

func (e *reader) addr() string {
	fallback := "127.0.0.1"
	if e.production() {
		fallback = "0.0.0.0"
	}
	return e.Addr("ADDR", fallback)
}

func (e *reader) host(addr, port string) *url.URL {
	host := e.PublicURL("HOST")
	switch {
	case host == nil && e.production() && !e.Faulty("HOST"):
		e.Fault("HOST", "HOST is missing: set it to the public URL, like https://login.example.com")
	case host != nil && e.production() && host.Scheme != "https":
		e.Fault("HOST", "HOST=%s is not https: a password must not cross the network in the clear", e.Get("HOST", ""))
	}
	if host == nil {
		host = &url.URL{Scheme: "http", Host: "localhost:" + port}
		if !slices.Contains([]string{"127.0.0.1", "0.0.0.0", "::", "localhost"}, addr) { // localhost may not reach it
			host.Host = net.JoinHostPort(addr, port)
		}
	}
	return host
}

// databaseURL ignores DATABASE_URL under go test: tests empty every table.
func (e *reader) databaseURL() string {
	if e.testing {
		return e.testDatabaseURL()
	}
	return e.Database("DATABASE_URL", "sqlite3://"+filepath.Join(e.dir, "storage", e.Get("GO_ENV", Development)+".sqlite"))
}

// testDatabaseURL returns "" for a temporary SQLite file.
func (e *reader) testDatabaseURL() string {
	v := e.Get("TEST_DATABASE_URL", "")
	if v != "" && !env.IsPostgres(v) {
		e.Fault("TEST_DATABASE_URL", "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
	}
	return v
}

// sockets returns those that systemd passes to this process.
func (e *reader) sockets() []net.Listener {
	list, err := web.Sockets(web.FirstSocket, e.Sockets("LISTEN_PID", "LISTEN_FDS"))
	if err != nil {
		e.Fault("LISTEN_FDS", "%v", err)
	}
	return list
}
