package binary

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 on which nothing listens. It is below
// the range that Linux takes ports of outgoing connections from, so that none
// of those gets it before the process does.
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
