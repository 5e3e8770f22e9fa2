package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

// FirstSocket is the first file descriptor that systemd passes: sd_listen_fds(3).
const FirstSocket = 3

// Sockets returns listeners for n sockets that systemd passes, whose file descriptors begin
// with first. Systemd keeps the sockets open while it restarts the app, so that clients
// wait instead of being refused.
func Sockets(first, n int) (list []net.Listener, err error) {
	for fd := first; fd < first+n; fd++ {
		file := os.NewFile(uintptr(fd), "systemd socket")
		listener, err := net.FileListener(file)
		file.Close() // the listener has its own descriptor
		if err == nil && !isListening(listener) {
			listener.Close()
			err = errors.New("it accepts no connections")
		}
		if err != nil {
			return nil, fmt.Errorf("socket %d of systemd cannot be served (%w): its unit needs ListenStream= and no Accept=", fd-first+1, err)
		}
		list = append(list, listener)
	}
	return list, nil
}

func isListening(l net.Listener) (listening bool) {
	conn, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) { listening = listens(fd) })
	return listening && err == nil
}

// AllUnix reports whether there are listeners and all are unix sockets. The peer of a unix
// socket is a trusted proxy.
func AllUnix(list []net.Listener) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(l net.Listener) bool { return !isUnix(l.Addr()) })
}

func isUnix(addr net.Addr) bool { return addr != nil && addr.Network() == "unix" }

// overUnix reports whether a request came over a unix socket. The permissions of the
// socket's file decide who can connect.
func overUnix(r *http.Request) bool {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return isUnix(addr)
}

func newListener(address string) (net.Listener, error) {
	network := "tcp"
	if addr, err := netip.ParseAddrPort(address); err == nil && addr.Addr().Is4() {
		network = "tcp4" // with tcp, 0.0.0.0 accepts IPv6 too, past a firewall for IPv4
	}
	return net.Listen(network, address)
}

// Address returns the addresses that the server listens on, separated by commas.
func (s *Server) Address() string {
	var list []string
	for _, l := range s.listeners {
		list = append(list, l.Addr().String())
	}
	return strings.Join(list, ", ")
}
