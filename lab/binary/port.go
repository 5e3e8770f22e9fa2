package binary

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a free port of 127.0.0.1, below the range from which Linux
// picks ports for outgoing connections.
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
