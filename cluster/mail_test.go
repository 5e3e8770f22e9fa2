package cluster

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailServer takes every mail.
type mailServer struct {
	address string

	lock    sync.Mutex
	arrived []letter
}

type letter struct{ to, text string }

func newMailServer(t *testing.T, c *certificate) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &mailServer{address: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{server: m}, nil }))
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{c.pair}}
	server.ErrorLog = log.New(io.Discard, "", 0) // nodes that are killed
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

func (m *mailServer) url() string { return "SMTP_URL=smtp://ada:hunter2@" + m.address }

// to are the mails to addresses that end so.
func (m *mailServer) to(suffix string) (letters []letter) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, l := range m.arrived {
		if strings.HasSuffix(l.to, suffix) {
			letters = append(letters, l)
		}
	}
	return letters
}

// delivery is one connection.
type delivery struct {
	server *mailServer
	letter letter
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }
func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.letter.to = to
	return nil
}
func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	d.server.lock.Lock()
	defer d.server.lock.Unlock()
	d.server.arrived = append(d.server.arrived, letter{d.letter.to, string(text)})
	return nil
}
func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }
