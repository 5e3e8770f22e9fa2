// Package apptest is the test kit of a Buffalo app: a database for each test
// binary, browsers that use real sockets, access to queued mails, and a buffer for
// the log.
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

// FreePort returns a free port of 127.0.0.1, below those that Linux picks for
// outgoing connections and for port 0.
func FreePort(t testing.TB) string {
	t.Helper()
	const first, end = 20_000, 32_000
	for range 100 {
		port := strconv.Itoa(first + rand.IntN(end-first))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
