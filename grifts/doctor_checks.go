package grifts

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"corral/config"
	"corral/mailers"
	"corral/models"
)

func checkSecret(config.Config) (string, error) { return "SESSION_SECRET is strong", nil }

func checkHost(c config.Config) (string, error) { return c.Host.String(), nil }

// checkHTTPS also reads the certificate, which config only opens.
func checkHTTPS(c config.Config) (string, error) {
	for _, proxy := range c.TrustedProxies {
		if proxy.Bits() == 0 {
			return "", errors.New("TRUSTED_PROXIES holds everybody, so that anybody can claim any address: name the proxy's network")
		}
	}
	if !c.TLS() {
		return fmt.Sprintf("TLS ends at a proxy in %v", c.TrustedProxies), nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		return "", fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %w", err)
	}
	if err := certificate.Leaf.VerifyHostname(c.Host.Hostname()); err != nil {
		return "", fmt.Errorf("TLS_CERT_FILE is for another name than HOST (%w): get one for it", err)
	}
	if expires := certificate.Leaf.NotAfter; time.Now().After(expires) {
		return "", fmt.Errorf("TLS_CERT_FILE expired on %s: renew it", expires.UTC().Format(time.DateOnly))
	}
	return "this app ends TLS, with a certificate until " + certificate.Leaf.NotAfter.UTC().Format(time.DateOnly), nil
}

func checkMail(c config.Config) (string, error) {
	if err := mailers.Reach(context.Background(), c); err != nil {
		return "", fmt.Errorf("%s does not let us in by TLS: check SMTP_URL, the firewall and the server's certificate (%w)", c.SMTP.Host, err)
	}
	return c.SMTP.Host + " lets us in by TLS", nil
}

func checkDatabase(c config.Config) (string, error) {
	if err := models.ConnectExisting(c); err != nil {
		return "", fmt.Errorf("%w; check DATABASE_URL, or make the database with `task db:migrate`", err)
	}
	return "the database answers (" + models.DB.Dialect.Name() + ")", nil
}

// checkDatabaseTLS goes by what the driver makes of the address, the
// environment's PGSSLMODE included.
func checkDatabaseTLS(c config.Config) (string, error) {
	if strings.HasPrefix(c.DatabaseURL, "sqlite") {
		return "SQLite crosses no network", nil
	}
	server, err := pgconn.ParseConfig(c.DatabaseURL)
	if err != nil {
		return "", errors.New("DATABASE_URL is not understood: write it like postgres://user:password@host/name?sslmode=verify-full")
	}
	ways := append([]*pgconn.FallbackConfig{{Host: server.Host, Port: server.Port, TLSConfig: server.TLSConfig}}, server.Fallbacks...)
	for _, way := range ways {
		if !isLocal(way) && (way.TLSConfig == nil || way.TLSConfig.InsecureSkipVerify) {
			return "", fmt.Errorf("the way to %s can be read or changed by others: add sslmode=verify-full to DATABASE_URL, "+
				"and sslrootcert=FILE where the server's certificate is from an authority of your own", way.Host)
		}
	}
	return "nobody on the way reads or changes what is said", nil
}

func isLocal(way *pgconn.FallbackConfig) bool {
	network, _ := pgconn.NetworkAddress(way.Host, way.Port)
	addr, err := netip.ParseAddr(way.Host)
	return network == "unix" || way.Host == "localhost" || err == nil && addr.IsLoopback()
}

var errUntilItAnswers = errors.New("cannot be told until the database answers")

func checkMigrations(config.Config) (string, error) {
	if models.DB == nil {
		return "", errUntilItAnswers
	}
	missing, unknown, err := models.CompareSchema(context.Background())
	switch {
	case err != nil:
		return "", fmt.Errorf("there is no schema yet: run `task db:migrate` (%w)", err)
	case len(missing) > 0:
		return "", fmt.Errorf("missing: %s; run `task db:migrate`, or start the app", strings.Join(missing, ", "))
	case len(unknown) > 0:
		return "", fmt.Errorf("the database is newer than this release (migration %s): use the newer release, or restore a backup", unknown[len(unknown)-1])
	}
	return "all are applied", nil
}

// maxClockSkew is what does not matter to the shortest of our lifetimes.
const maxClockSkew = 5 * time.Second

func checkClock(config.Config) (string, error) {
	if models.DB == nil {
		return "", errUntilItAnswers
	}
	skew, err := models.ClockSkew(context.Background())
	if err != nil {
		return "", err
	}
	return judgeClock(skew)
}

func judgeClock(skew time.Duration) (string, error) {
	if skew.Abs() > maxClockSkew {
		return "", fmt.Errorf("this machine and the database are %s apart: set both clocks by NTP", skew.Abs().Round(time.Second))
	}
	return "this machine and the database agree on the time", nil
}

func checkDotenv(config.Config) (string, error) { return "there is none beside the app", nil }

func checkOthers(config.Config) (string, error) { return "are understood", nil }
