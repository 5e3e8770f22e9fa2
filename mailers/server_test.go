package mailers

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/mail"
	"net/url"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"corral/config"
)

// server is a mail server on this machine, as strict as RFC 5321. It lets ada
// in with the password hunter2, and only within TLS.
type server struct {
	t         testing.TB
	authority *authority
	url       *url.URL // for SMTP_URL
	arrived   chan received

	// What a test may change before it starts.
	tls      *tls.Config // nil offers none
	implicit bool        // TLS from the first byte
	onRcpt   func(to string) error
	onData   func(received) error // before the answer
	onReset  func(conn net.Conn)  // after the answer
	visits   chan struct{}        // one for each connection that said EHLO
}

// received is a mail with its envelope.
type received struct {
	from, to string
	raw      []byte
}

func newServer(t testing.TB, changes ...func(*server)) *server {
	t.Helper()
	a := newAuthority(t)
	a.trust()
	s := &server{t: t, authority: a, arrived: make(chan received, 1000), visits: make(chan struct{}, 1000),
		tls: a.certify("127.0.0.1", time.Now().Add(time.Hour))}
	for _, change := range changes {
		change(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.url = &url.URL{Scheme: "smtp", User: url.UserPassword("ada", "hunter2"), Host: listener.Addr().String()}
	library := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.visits <- struct{}{}
		return &session{server: s, conn: c}, nil
	}))
	library.Domain, library.TLSConfig, library.EnableSMTPUTF8 = "mail.example.com", s.tls, true
	library.MaxLineLength, library.MaxRecipients, library.MaxMessageBytes = 1000, 1, 1<<20
	library.ErrorLog = log.New(io.Discard, "", 0) // clients that leave in the middle are what some tests are about
	if s.implicit {
		s.url.Scheme, listener = "smtps", tls.NewListener(listener, s.tls)
	}
	go library.Serve(listener)
	t.Cleanup(func() { library.Close() })
	return s
}

// config is this process's, with the server in it.
func (s *server) config() config.Config {
	s.t.Helper()
	c, err := config.Current()
	require.NoError(s.t, err)
	c.Host = &url.URL{Scheme: "https", Host: "corral.example"}
	c.MailFrom = &mail.Address{Name: "Corral", Address: "no-reply@corral.example"}
	c.SMTP = s.url
	return c
}

// next waits for a mail.
func (s *server) next() received {
	s.t.Helper()
	return await(s.t, s.arrived)
}

// await receives what has to come. A test that hangs says where.
func await[T any](t testing.TB, c <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(time.Minute):
		t.Fatal("it did not come")
	}
	return value
}

// session is one connection.
type session struct {
	server   *server
	conn     *gosmtp.Conn
	loggedIn bool
	mail     received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if s.loggedIn = username == "ada" && password == "hunter2"; !s.loggedIn {
			return gosmtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if !s.loggedIn {
		return gosmtp.ErrAuthRequired
	}
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.to = to
	if s.server.onRcpt != nil {
		return s.server.onRcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	if s.mail.raw, err = io.ReadAll(r); err != nil {
		return err
	}
	if s.server.onData != nil {
		if err := s.server.onData(s.mail); err != nil {
			return err
		}
	}
	s.server.arrived <- s.mail
	return nil
}

func (s *session) Reset() {
	if s.server.onReset != nil && s.mail.raw != nil {
		s.server.onReset(s.conn.Conn())
	}
}

func (s *session) Logout() error { return nil }
