package database

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/jackc/pgx/v5/pgconn"
)

// CheckTLS returns an error if an attacker on the network could read or change the
// traffic with the database. Each server that the driver may connect to, by the URL or
// by variables such as PGSSLMODE, must be local or verified by TLS.
func CheckTLS(databaseURL string) error {
	if _, isSQLite := sqlitePath(databaseURL); isSQLite {
		return nil
	}
	server, err := pgconn.ParseConfig(databaseURL)
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return fmt.Errorf("DATABASE_URL names a file that cannot be read (%w): mend the path or the permissions", file)
	}
	if err != nil { // err may quote the URL and its password
		return errors.New("DATABASE_URL is not understood: write it like postgres://user:password@host/name?sslmode=verify-full")
	}
	servers := append([]*pgconn.FallbackConfig{{Host: server.Host, Port: server.Port, TLSConfig: server.TLSConfig}}, server.Fallbacks...)
	for _, s := range servers {
		if !isLocal(s) && !isVerified(s.TLSConfig) {
			return fmt.Errorf("DATABASE_URL: the connection to %s can be read or changed on its way: add sslmode=verify-full, "+
				"and sslrootcert=FILE if the server's certificate is from an authority of your own; DATABASE_TLS=off accepts that", s.Host)
		}
	}
	return nil
}

// isVerified reports whether the driver verifies the server's certificate. For
// verify-ca, the driver sets InsecureSkipVerify and verifies in a callback.
func isVerified(c *tls.Config) bool {
	return c != nil && (!c.InsecureSkipVerify || c.VerifyPeerCertificate != nil || c.VerifyConnection != nil)
}

func isLocal(server *pgconn.FallbackConfig) bool {
	network, _ := pgconn.NetworkAddress(server.Host, server.Port)
	addr, err := netip.ParseAddr(server.Host)
	return network == "unix" || server.Host == "localhost" || err == nil && addr.IsLoopback()
}
