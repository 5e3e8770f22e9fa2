//go:build unix

package web

import "syscall"

// listens reports whether a socket accepts connections. With Accept=yes, systemd passes
// a connection instead.
func listens(fd uintptr) bool {
	n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	return err != nil || n != 0
}
