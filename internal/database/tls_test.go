package database_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/database"
)

func TestCheckTLS(t *testing.T) {
	for url, accepted := range map[string]bool{
		"sqlite3://storage/production.sqlite":                         true,
		"postgres://app@127.0.0.1/app":                                true,
		"postgres://app@127.9.9.9/app?sslmode=disable":                true,
		"postgres://app@localhost/app":                                true,
		"postgres://app@[::1]/app":                                    true,
		"postgres:///app?host=/run/postgresql":                        true,
		"postgres://app@db.example.com/app?sslmode=verify-full":       true,
		"postgres://app@a.example,b.example/app?sslmode=verify-full":  true,
		"postgres://app@db.example.com/app":                           false, // falls back to no TLS
		"postgres://app@db.example.com/app?sslmode=disable":           false,
		"postgres://app@db.example.com/app?sslmode=allow":             false,
		"postgres://app@db.example.com/app?sslmode=require":           false, // accepts any certificate
		"postgres://app@db.example.com/app?sslmode=verify-ca":         true,
		"postgres://app@127.0.0.1,db.example.com/app?sslmode=disable": false,
		"postgres://app@localhost.example.com/app":                    false,
		"postgres://app:hunter2%zz@db.example.com/app":                false, // net/url's error would quote the password
		"postgres://app:hunter2":                                      false, // pgx's error would quote the password
	} {
		err := database.CheckTLS(url)
		require.Equal(t, accepted, err == nil, "%s: %v", url, err)
		if err != nil {
			require.Contains(t, err.Error(), "sslmode=verify-full")
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
}

func TestCheckTLS_MissingRootCertificate(t *testing.T) {
	require.EqualError(t, database.CheckTLS("postgres://app:hunter2@db.example.com/app?sslmode=verify-full&sslrootcert=none.pem"),
		"DATABASE_URL names a file that cannot be read (open none.pem: no such file or directory): mend the path or the permissions")
}

func TestCheckTLS_ReadsPGSSLMODE(t *testing.T) {
	t.Setenv("PGSSLMODE", "verify-full")
	require.NoError(t, database.CheckTLS("postgres://app@db.example.com/app"))
}
