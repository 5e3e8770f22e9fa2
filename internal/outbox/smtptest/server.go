// Package smtptest is a local mail server for tests, as strict as RFC 5321.
//
//	server := smtptest.New(t)
//	sender := outbox.NewSMTP(server.URL, "www.example.com", server.Authority.Trusting())
//	// … send a mail
//	message := smtptest.Parse(t, server.Next())
package smtptest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// Server is a mail server. Its only user is ada with the password hunter2. If the server
// has TLS, ada can log in only over TLS.
type Server struct {
	URL       *url.URL      // with user and password
	Arrived   chan Received // accepted mails
	Authority *Authority    // signs the server's certificate

	// The functions passed to New may change these.
	TLS       *tls.Config               // nil disables TLS; by default a certificate for 127.0.0.1
	Implicit  bool                      // TLS from the first byte
	Open      bool                      // accepts mail without a login
	OnHello   func() error              // answers EHLO and HELO
	OnMail    func(from string) error   // answers MAIL
	OnRcpt    func(to string) error     // answers RCPT
	OnData    func(mail Received) error // answers DATA
	AfterData func(conn net.Conn)       // is called after the answer to DATA
	Debug     io.Writer                 // receives the conversation in plain text, also under TLS

	t testing.TB
}

// Received is a mail with the sender and the recipients of its envelope.
type Received struct {
	From string
	To   []string
	Raw  []byte
}

// New starts a server on 127.0.0.1, which stops when the test ends.
func New(t testing.TB, changes ...func(*Server)) *Server {
	t.Helper()
	authority := NewAuthority(t)
	s := &Server{t: t, Authority: authority, Arrived: make(chan Received, 1000),
		TLS: authority.Certify("127.0.0.1", time.Now().Add(time.Hour))}
	for _, change := range changes {
		change(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.URL = &url.URL{Scheme: "smtp", User: url.UserPassword("ada", "hunter2"), Host: listener.Addr().String()}
	library := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		if s.OnHello != nil {
			if err := s.OnHello(); err != nil {
				return nil, err
			}
		}
		return &session{server: s, conn: c}, nil
	}))
	library.Domain, library.TLSConfig, library.EnableSMTPUTF8 = "mail.example.com", s.TLS, true
	library.MaxLineLength, library.MaxRecipients, library.MaxMessageBytes = 1000, 10, 1<<20
	library.Debug = s.Debug
	library.AllowInsecureAuth = s.TLS == nil
	library.ErrorLog = log.New(io.Discard, "", 0)
	if s.Implicit {
		s.URL.Scheme, listener = "smtps", tls.NewListener(listener, s.TLS)
	}
	go library.Serve(listener)
	t.Cleanup(func() { library.Close() })
	return s
}

// Next returns the next accepted mail. It fails the test after a minute.
func (s *Server) Next() Received {
	s.t.Helper()
	return Await(s.t, s.Arrived)
}

// NextTo waits for a mail to email. It keeps other mails for Next.
func (s *Server) NextTo(email string) Received {
	s.t.Helper()
	var others []Received
	defer func() {
		for _, r := range others {
			s.Arrived <- r
		}
	}()
	for {
		r := s.Next()
		if slices.Contains(r.To, email) {
			return r
		}
		others = append(others, r)
	}
}

// Await receives a value from c. It fails the test after a minute.
func Await[T any](t testing.TB, c <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(time.Minute):
		t.Fatal("nothing was received within a minute")
	}
	return value
}

type session struct {
	server   *Server
	conn     *gosmtp.Conn
	loggedIn bool
	mail     Received
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
	if !s.loggedIn && !s.server.Open {
		return gosmtp.ErrAuthRequired
	}
	s.mail = Received{From: from}
	if s.server.OnMail != nil {
		return s.server.OnMail(from)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	if s.server.OnRcpt != nil {
		return s.server.OnRcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	if s.mail.Raw, err = io.ReadAll(r); err != nil {
		return err
	}
	if s.server.OnData != nil {
		if err := s.server.OnData(s.mail); err != nil {
			return err
		}
	}
	s.server.Arrived <- s.mail
	return nil
}

// Reset is called by the library after the answer to DATA, and by RSET and EHLO.
func (s *session) Reset() {
	if s.server.AfterData != nil && s.mail.Raw != nil {
		s.server.AfterData(s.conn.Conn())
	}
}

func (s *session) Logout() error { return nil }
