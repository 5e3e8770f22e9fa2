// Package apptest is the test kit of a Buffalo app: a database for each test
// binary, browsers that talk to the app over a real socket, the mails in the
// outbox, and a log that may be read while the app writes it.
//
//	func TestMain(m *testing.M) {
//		apptest.Main(m, os.Getenv("TEST_DATABASE_URL"), connectAndMigrate)
//	}
//
//	func TestLogin_WrongPassword(t *testing.T) {
//		apptest.Empty(t, models.DB)
//		browser := apptest.NewServer(t, actions.App()).Browser()
//		answer := browser.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
//		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode)
//		require.Contains(t, apptest.Flashes(answer.Page), "Wrong email or password.")
//	}
package apptest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 on which no process listens. It is below
// those that Linux gives to outgoing connections and to listeners that ask for
// any port, so that none of these takes it before the process that is meant to.
func FreePort(t testing.TB) string {
	t.Helper()
	const first, past = 20_000, 32_000
	for range 100 {
		port := strconv.Itoa(first + rand.IntN(past-first))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
