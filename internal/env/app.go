package env

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

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

	databaseTLS string // "verified" or "off"
}

// Options say where an App runs.
type Options struct {
	Dir     string // the app's folder
	Testing bool   // under go test: ignores .env and DATABASE_URL, and stores nothing
	Task    bool   // serves nothing: needs no TLS, and stores no new secret, since Dir may be another folder than the app's
}

// NewApp reads environ. In development .env overrides it, as in Buffalo; in
// production CheckProduction reports that file as a fault.
func NewApp(environ []string, o Options) *App {
	e := &App{Vars: New(environ), o: o}
	if o.Testing {
		e.name = e.OneOf("GO_ENV", Test, Development, Production)
		return e
	}
	values, found := e.readDotenv(filepath.Join(o.Dir, ".env"))
	if _, set := values["GO_ENV"]; set { // envy, which has loaded the file by now, may have hidden a "production"
		e.Fault(".env", ".env sets GO_ENV, which would override production: set it in the environment")
	}
	if e.dotenv = found; e.Get("GO_ENV", "") != Production {
		for key, value := range values {
			e.setFrom(".env", key, value)
		}
	}
	if e.name = e.Get("GO_ENV", Development); e.name == Test {
		e.Fault("GO_ENV", "GO_ENV=test is for go test only: use development or production")
	} else {
		e.OneOf("GO_ENV", Development, Production)
	}
	e.databaseTLS = e.OneOf("DATABASE_TLS", "verified", "off")
	return e
}

// RequireEnv returns an error if GO_ENV has a value that NewApp refuses, or none: then an
// app meant for production would run in development, without Secure cookies, and show the causes
// of errors to every client.
func RequireEnv(value string) error {
	switch strings.TrimSpace(value) {
	case Production, Development:
		return nil
	case "":
		return errors.New("GO_ENV is missing, so the app runs in development: set it to production")
	}
	return fmt.Errorf("GO_ENV=%s starts no app: set it to production", value)
}

// Env returns GO_ENV.
func (e *App) Env() string { return e.name }

// Production reports whether GO_ENV is production.
func (e *App) Production() bool { return e.name == Production }

// Endpoint returns the host:port to listen on, from ADDR and PORT, and the public URL, from
// HOST. In production HOST is required, and its scheme must be https. Without HOST the
// scheme is https if TLS_CERT_FILE is set.
func (e *App) Endpoint() (listen string, publicURL *url.URL) {
	port, fallback := e.Port("PORT", "3000"), "127.0.0.1"
	if e.Production() {
		fallback = "0.0.0.0"
	}
	addr := e.Addr("ADDR", fallback)
	listen = net.JoinHostPort(addr, port)
	publicURL = e.PublicURL("HOST")
	switch {
	case publicURL == nil && e.Production() && !e.Faulty("HOST"):
		e.Fault("HOST", "HOST is missing: set it to the public URL, like https://login.example.com")
	case publicURL != nil && e.Production() && publicURL.Scheme != "https":
		e.Fault("HOST", "HOST=%s is not https, and a password must not cross the network in the clear: use the https URL", e.Get("HOST", ""))
	}
	if publicURL == nil {
		publicURL = &url.URL{Scheme: "http", Host: "localhost:" + port}
		if !slices.Contains([]string{"127.0.0.1", "0.0.0.0", "::", "localhost"}, addr) { // localhost may not reach addr
			publicURL.Host = listen
		}
		if e.Get("TLS_CERT_FILE", "") != "" {
			publicURL.Scheme = "https"
		}
	}
	return listen, publicURL
}

// DatabaseURL returns DATABASE_URL, or a SQLite file in the folder storage. Under go
// test it returns TEST_DATABASE_URL, or "" for a temporary file, since tests empty every
// table.
func (e *App) DatabaseURL() string {
	if !e.o.Testing {
		return e.Database("DATABASE_URL", "sqlite3://"+filepath.Join(e.o.Dir, "storage", e.Get("GO_ENV", Development)+".sqlite"))
	}
	value := e.Get("TEST_DATABASE_URL", "")
	if value != "" && !isPostgres(value) {
		e.Fault("TEST_DATABASE_URL", "TEST_DATABASE_URL is not postgres://user:password@host/name: leave it out to test on SQLite")
	}
	return value
}

// Listeners returns the sockets that systemd passes to this process.
func (e *App) Listeners() []net.Listener {
	list, err := web.Sockets(web.FirstSocket, e.Sockets("LISTEN_PID", "LISTEN_FDS"))
	if err != nil {
		e.Fault("LISTEN_FDS", "%v", err)
	}
	return list
}

// KeyPair is Vars.KeyPair, but returns "" for a task: only the unit that serves may read the key.
func (e *App) KeyPair(certVar, keyVar string) (certFile, keyFile string) {
	if e.o.Task {
		return "", ""
	}
	return e.Vars.KeyPair(certVar, keyVar)
}

// SessionSecrets returns SESSION_SECRET. If it is unset, tests get a new secret, and
// development keeps one in a file, so that sessions survive a restart. Faults end with remedy.
func (e *App) SessionSecrets(remedy string) []string {
	list := e.Secrets("SESSION_SECRET", remedy)
	switch {
	case len(list) > 0, e.Faulty("SESSION_SECRET"), e.Faulty("GO_ENV"):
		return list
	case e.o.Testing:
		return []string{secret.New()}
	case e.name == Development:
		value, err := secret.Keep(filepath.Join(e.o.Dir, "storage", "development.secret"), !e.o.Task)
		if err != nil {
			e.Fault("SESSION_SECRET", "%v", err)
		}
		return []string{value}
	}
	e.Fault("SESSION_SECRET", "SESSION_SECRET is missing: %s", remedy)
	return nil
}

// CheckProduction records what production refuses: a .env file, a database connection that
// others can read (unless DATABASE_TLS=off), and a database file that other users can read.
func (e *App) CheckProduction(databaseURL string) {
	if e.dotenv {
		e.Fault(".env", "there is a .env file beside the app: its values would replace the real environment; remove it")
	}
	if err := database.CheckTLS(databaseURL); e.databaseTLS == "verified" && !e.Faulty("DATABASE_URL") && err != nil {
		e.Fault("DATABASE_TLS", "%v", err)
	}
	if err := database.CheckPrivate(databaseURL); err != nil {
		e.Fault("DATABASE_URL", "DATABASE_URL: %v", err)
	}
}

// RequireTLS records a fault if neither a proxy nor the app terminates TLS, and the app
// listens on the network. A task needs no TLS.
func (e *App) RequireTLS(proxies []netip.Prefix, certFile string, sockets []net.Listener) {
	if len(proxies) == 0 && certFile == "" && !e.o.Task && !web.AllUnix(sockets) && !e.Faulty("TRUSTED_PROXIES") && !e.Faulty("TLS_CERT_FILE") {
		e.Fault("TRUSTED_PROXIES", "nothing terminates TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE, or listen on a unix socket alone")
	}
}

// RequireMail records a fault if there is no mail server.
func (e *App) RequireMail(server *url.URL) {
	if server == nil && !e.Faulty("SMTP_URL") {
		e.Fault("SMTP_URL", "SMTP_URL is missing, and users could not reset a password: set it to smtp://user:password@mail.example.com:587")
	}
}
