package web

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"sync"
)

// proxyProtocol are the first bytes of its two versions.
var proxyProtocol = [][]byte{[]byte("PROXY "), []byte("\r\n\r\n\x00\r\nQUIT\n")}

// noteProxyProtocol returns a listener that logs one warning when a load balancer
// speaks the PROXY protocol, which net/http answers with 400 without a trace.
func noteProxyProtocol(l net.Listener, logger *slog.Logger) net.Listener {
	return notingListener{l, sync.OnceFunc(func() {
		logger.Warn("PROXY protocol refused", "error", "a load balancer sends it before each request: let it send X-Forwarded-For instead")
	})}
}

type notingListener struct {
	net.Listener
	warn func()
}

func (l notingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &notingConn{Conn: conn, warn: l.warn}, nil
}

// notingConn looks at the first bytes that arrive.
type notingConn struct {
	net.Conn
	warn func() // nil after them
}

func (c *notingConn) Read(b []byte) (int, error) {
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

// ReadFrom sends files without copying them, as the connection does.
func (c *notingConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite lets a client read an answer before the connection closes.
func (c *notingConn) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return nil
}
