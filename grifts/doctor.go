package grifts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"corral/config"
	"corral/internal/database"
	"corral/internal/env"
	"corral/internal/oidc"
	"corral/internal/task"
	"corral/mailers"
	"corral/migrations"
	"corral/models"
)

func doctor([]string) error {
	c, err := config.Load(append(os.Environ(), "GO_ENV="+config.Production), ".")
	defer func() {
		if models.DB != nil {
			models.DB.Close()
		}
	}()
	return task.Examine(checks(c), env.Faults(err))
}

func checks(c config.Config) []task.Check {
	good := func(text string) func() (string, error) { return func() (string, error) { return text, nil } }
	of := func(check func(config.Config) (string, error)) func() (string, error) {
		return func() (string, error) { return check(c) }
	}
	list := []task.Check{
		{Name: "secret", Variables: []string{"SESSION_SECRET"}, Run: good("SESSION_SECRET is strong")},
		{Name: "https", Variables: []string{"TRUSTED_PROXIES", "TLS_CERT_FILE", "TLS_KEY_FILE"}, Run: of(checkHTTPS)},
		{Name: "mail", Variables: []string{"SMTP_URL", "MAIL_FROM"}, Run: of(checkMail)},
		{Name: "database", Variables: []string{"DATABASE_URL"}, Run: of(checkDatabase)}, // connects, for the checks that follow
		{Name: "database TLS", Variables: []string{"DATABASE_TLS"}, Run: good("the connection is local, verified by TLS, or DATABASE_TLS=off")},
		{Name: "migrations", Run: of(checkMigrations)},
		{Name: "host", Variables: []string{"HOST"}, Run: of(checkHost)},
		{Name: "clock", Run: of(checkClock)},
		{Name: ".env", Variables: []string{".env"}, Run: good("there is none beside the app")},
	}
	for _, p := range c.Providers {
		list = append(list, task.Check{Name: p.ID, Variables: p.Variables(), Run: func() (string, error) { return checkProvider(p) }})
	}
	return append(list, task.Check{Name: "other settings", Run: func() (string, error) { return "are understood", env.RequireEnv(os.Getenv("GO_ENV")) }})
}

// checkProvider does not check the client ID and secret, which takes a login.
func checkProvider(p config.Provider) (string, error) {
	if err := oidc.New(oidc.Config{Issuer: p.Issuer.String()}).Discover(context.Background()); err != nil {
		return "", fmt.Errorf("%s cannot be used: check %s, which must be exactly as the provider writes it, and the firewall (%w)",
			p.Issuer, p.Variables()[0], err)
	}
	return p.Issuer.String() + " answers as this issuer", nil
}

// checkHTTPS also parses the certificate, which config only opens.
func checkHTTPS(c config.Config) (string, error) {
	if c.TLSCertFile == "" {
		return fmt.Sprintf("a proxy in %v terminates TLS. It has to send Host unchanged, X-Forwarded-Proto, and X-Forwarded-For: "+
			`without the last, the log warns "client IP unknown", and all clients share one rate limit`, c.TrustedProxies), nil
	}
	until, err := env.CheckCertificate(c.TLSCertFile, c.TLSKeyFile, c.Host.Hostname())
	return "this app terminates TLS, with a certificate until " + until.UTC().Format(time.DateOnly), err
}

func checkMail(c config.Config) (string, error) {
	if err := mailers.Reach(context.Background(), c); err != nil {
		return "", fmt.Errorf("%s accepts no login over TLS: check SMTP_URL, the firewall, the server's certificate, and that it offers PLAIN or LOGIN (%w)", c.SMTP.Host, err)
	}
	return c.SMTP.Host + " accepts the login over TLS", nil
}

func checkDatabase(c config.Config) (string, error) {
	if err := models.ConnectExisting(c); err != nil {
		return "", err
	}
	return "the database can be read and written (" + database.Kind(models.DB) + ")", database.Examine(context.Background(), models.DB)
}

var errNoDatabase = errors.New("unknown until the database answers")

func checkMigrations(config.Config) (string, error) {
	if models.DB == nil {
		return "", errNoDatabase
	}
	return "all are applied", database.ExamineSchema(context.Background(), models.DB, migrations.Files, "run `task db:migrate`")
}

func checkClock(config.Config) (string, error) {
	if models.DB == nil {
		return "", errNoDatabase
	}
	_, err := models.Clocks.Compare(context.Background(), models.DB)
	return "this machine and the database agree on the time", err
}
