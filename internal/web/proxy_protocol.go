package web

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"sync"
)

// proxyProtocol lists the first bytes of the PROXY protocol's two versions.
var proxyProtocol = [][]byte{[]byte("PROXY "), []byte("\r\n\r\n\x00\r\nQUIT\n")}

// detectProxyProtocol returns a listener that logs one warning if a load balancer
// speaks the PROXY protocol. net/http answers 400 to it and logs nothing.
func detectProxyProtocol(l net.Listener, logger *slog.Logger) net.Listener {
	return detectingListener{l, sync.OnceFunc(func() {
		logger.Warn("PROXY protocol refused", "error", "a load balancer sends it before each request: let it send X-Forwarded-For instead")
	})}
}

type detectingListener struct {
	net.Listener
	warn func()
}

func (l detectingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &detectingConn{Conn: conn, warn: l.warn}, nil
}

// detectingConn calls warn if the first bytes are of the PROXY protocol.
type detectingConn struct {
	net.Conn
	warn func() // nil after the first bytes
}

func (c *detectingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.warn != nil && n > 0 {
		for _, start := range proxyProtocol {
			if bytes.HasPrefix(b[:n], start) {
				c.warn()
			}
		}
		c.warn = nil
	}
	return n, err
}

// ReadFrom lets the connection send a file without copying it into memory.
func (c *detectingConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite lets net/http close a connection so that the client can still read the
// response.
func (c *detectingConn) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return nil
}
