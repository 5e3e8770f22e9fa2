package env

import (
	"net"
	"net/url"
	"path/filepath"
	"slices"

	"corral/internal/database"
	"corral/internal/secret"
	"corral/internal/web"
)

// The environments that GO_ENV names.
const (
	Development = "development"
	Test        = "test"
	Production  = "production"
)

// App reads the variables of a Buffalo app, whose defaults and demands depend on
// GO_ENV:
//
//	app := env.NewApp(os.Environ(), env.Options{Dir: "."})
//	listen, publicURL := app.Endpoint()
//	if err := app.Err(); err != nil { … }
type App struct {
	*Vars
	o      Options
	name   string // GO_ENV
	dotenv bool   // there is a .env in the folder
}

// Options say where an App runs.
type Options struct {
	Dir     string // the app's folder
	Testing bool   // under go test: ignores .env and DATABASE_URL, and stores nothing
	Task    bool   // stores no new secret: the folder may be wrong
}

// NewApp reads environ. In development .env overrides it, as in Buffalo; in
// production that file is a fault of CheckProduction.
func NewApp(environ []string, o Options) *App {
	a := &App{Vars: New(environ), o: o}
	if o.Testing {
		a.name = a.OneOf("GO_ENV", Test, Development, Production)
		return a
	}
	values, found := a.Dotenv(filepath.Join(o.Dir, ".env"))
	if a.dotenv = found; a.Get("GO_ENV", "") != Production {
		for key, value := range values {
			a.SetFrom(".env", key, value)
		}
	}
	if a.name = a.OneOf("GO_ENV", Development, Test, Production); a.name == Test {
		a.Fault("GO_ENV", "GO_ENV=test is for go test only: use development or production")
	}
	return a
}

// Env returns GO_ENV.
func (a *App) Env() string { return a.name }

// Production reports whether GO_ENV is production.
func (a *App) Production() bool { return a.name == Production }

// Endpoint returns the host:port of ADDR and PORT to listen on, and HOST, the public
// URL, which production demands and which has to be https there.
func (a *App) Endpoint() (listen string, publicURL *url.URL) {
	port, fallback := a.Port("PORT", "3000"), "127.0.0.1"
	if a.Production() {
		fallback = "0.0.0.0"
	}
	addr := a.Addr("ADDR", fallback)
	listen = net.JoinHostPort(addr, port)
	publicURL = a.PublicURL("HOST")
	switch {
	case publicURL == nil && a.Production() && !a.Faulty("HOST"):
		a.Fault("HOST", "HOST is missing: set it to the public URL, like https://login.example.com")
	case publicURL != nil && a.Production() && publicURL.Scheme != "https":
		a.Fault("HOST", "HOST=%s is not https: a password must not cross the network in the clear", a.Get("HOST", ""))
	}
	if publicURL == nil {
		publicURL = &url.URL{Scheme: "http", Host: "localhost:" + port}
		if !slices.Contains([]string{"127.0.0.1", "0.0.0.0", "::", "localhost"}, addr) { // localhost may not reach it
			publicURL.Host = listen
		}
	}
	return listen, publicURL
}

// DatabaseURL returns DATABASE_URL, or a SQLite file in the folder storage. Under go
// test it returns TEST_DATABASE_URL, or "" for a temporary file: tests empty every
// table.
func (a *App) DatabaseURL() string {
	if !a.o.Testing {
		return a.Database("DATABASE_URL", "sqlite3://"+filepath.Join(a.o.Dir, "storage", a.Get("GO_ENV", Development)+".sqlite"))
	}
	value := a.Get("TEST_DATABASE_URL", "")
	if value != "" && !IsPostgres(value) {
		a.Fault("TEST_DATABASE_URL", "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
	}
	return value
}

// Listeners returns the sockets that systemd passes to this process.
func (a *App) Listeners() []net.Listener {
	list, err := web.Sockets(web.FirstSocket, a.Sockets("LISTEN_PID", "LISTEN_FDS"))
	if err != nil {
		a.Fault("LISTEN_FDS", "%v", err)
	}
	return list
}

// SessionSecrets returns SESSION_SECRET. Without it, tests get a new secret, and
// development one in a file, so that sessions survive a restart. Faults end with remedy.
func (a *App) SessionSecrets(remedy string) []string {
	list := a.Secrets("SESSION_SECRET", remedy)
	switch {
	case len(list) > 0, a.Faulty("SESSION_SECRET"), a.Faulty("GO_ENV"):
		return list
	case a.o.Testing:
		return []string{secret.New()}
	case a.name == Development:
		value, err := secret.Keep(filepath.Join(a.o.Dir, "storage", "development.secret"), !a.o.Task)
		if err != nil {
			a.Fault("SESSION_SECRET", "%v", err)
		}
		return []string{value}
	}
	a.Fault("SESSION_SECRET", "SESSION_SECRET is missing: %s", remedy)
	return nil
}

// CheckProduction records faults of what production refuses: a .env file, a database
// that others can read, on the way (unless DATABASE_TLS=off) or on this machine.
func (a *App) CheckProduction(databaseURL string) {
	if a.dotenv {
		a.Fault(".env", "there is a .env file beside the app: its values would replace the real environment; remove it")
	}
	verified := a.OneOf("DATABASE_TLS", "verified", "off") == "verified" && !a.Faulty("DATABASE_URL")
	if err := database.CheckTLS(databaseURL); verified && err != nil {
		a.Fault("DATABASE_TLS", "%v; DATABASE_TLS=off accepts that", err)
	}
	if err := database.CheckPrivate(databaseURL); err != nil {
		a.Fault("DATABASE_URL", "DATABASE_URL: %v", err)
	}
}
