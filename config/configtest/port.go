// Package configtest gives tests what a configuration has to name.
package configtest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 on which nobody listens. It is below
// those that Linux gives to whoever asks for any, a connection that goes out
// among them: none of them takes it before the process that is told of it.
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
