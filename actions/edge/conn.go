package edge

import (
	"bytes"
	"context"
	"net"
	"sync"
	"time"
)

// conn sends an answer in one piece. Package http writes every 4 KiB, and a page
// with its headers is a little more: each write is a system call, a packet, and a
// wake-up of who waits for it. What is written is held until the answer is
// complete, flushed, or larger than maxHeld; see Read and SetWriteDeadline.
type conn struct {
	net.Conn
	mutex    sync.Mutex
	held     *bytes.Buffer // nil when nothing is held
	hijacked bool          // whoever has taken the connection over writes as he likes
}

// maxHeld is how many bytes of an answer wait for its end: those of a page.
const maxHeld = 16 << 10

var heldBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, maxHeld)) }}

// informational begins what comes before an answer: 100 Continue, for which the
// client waits with its body.
var informational = []byte("HTTP/1.1 1")

// holding is a listener whose connections send their answers in one piece.
type holding struct{ net.Listener }

func (l holding) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: accepted}, nil
}

func (c *conn) Write(b []byte) (int, error) {
	c.mutex.Lock()
	if c.hijacked {
		c.mutex.Unlock() // a write that takes long keeps nobody from reading or closing
		return c.Conn.Write(b)
	}
	defer c.mutex.Unlock()
	if c.held == nil && bytes.HasPrefix(b, informational) {
		return c.Conn.Write(b)
	}
	if c.held != nil && c.held.Len()+len(b) > maxHeld {
		if err := c.sendHeld(); err != nil {
			return 0, err
		}
	}
	if len(b) > maxHeld {
		return c.Conn.Write(b)
	}
	if c.held == nil {
		c.held = heldBuffers.Get().(*bytes.Buffer)
	}
	return c.held.Write(b)
}

// Read sends what is held before it waits for more of a request: after a refusal
// package http still reads the rest of the body, which the client may never send.
// Of a single byte it only looks whether the client is still there.
func (c *conn) Read(b []byte) (int, error) {
	if len(b) > 1 {
		c.send() // the read fails if this does
	}
	return c.Conn.Read(b)
}

// SetWriteDeadline sends what is held before the deadline goes, which package http
// takes back when an answer is complete: without one, a client that does not read
// would hold up the connection, and the stop, for good.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.send() // the next read fails if this does
	}
	return c.Conn.SetWriteDeadline(t)
}

// CloseWrite is what package http ends the answer to a broken request with, lest
// the client's system throw the answer away.
func (c *conn) CloseWrite() error {
	c.send()
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *conn) Close() error {
	c.send() // the client may have left
	return c.Conn.Close()
}

// send sends what is held.
func (c *conn) send() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.sendHeld()
}

func (c *conn) sendHeld() error {
	if c.held == nil {
		return nil
	}
	_, err := c.Conn.Write(c.held.Bytes())
	c.held.Reset()
	heldBuffers.Put(c.held)
	c.held = nil
	if err != nil {
		c.Conn.Close() // else the next answer would follow half of this one
	}
	return err
}

func (c *conn) hijack() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.sendHeld() // whoever takes over sees to errors
	c.hijacked = true
}

type connKey struct{}

// withConn lets an answer find the connection that it goes out on.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns nil over TLS, and outside of a server.
func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}
