package mailers

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"

	"corral/models"
)

// note is a message that no template made.
func note(to string) mail.Message {
	m := mail.NewMessage()
	m.From, m.To, m.Subject = "Corral <no-reply@corral.example>", []string{to}, "Hello"
	m.Bodies = []mail.Body{{Content: "Hello", ContentType: "text/plain; charset=utf-8"}}
	return m
}

func TestSMTP_ImplicitTLS(t *testing.T) {
	s := newServer(t, func(s *server) { s.implicit = true })
	require.NoError(t, newSMTP(s.config()).Send(note("ada@example.com")))
	require.Equal(t, "ada@example.com", s.next().to)
}

// Nothing is said to a server that does not prove by TLS who it is.
func TestSMTP_RefusesServer(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	for reason, change := range map[string]func(*server){
		"does not support STARTTLS":   func(s *server) { s.tls = nil },
		"unknown authority":           func(s *server) { s.tls = newAuthority(t).certify("127.0.0.1", hour) },
		"doesn't contain any IP SANs": func(s *server) { s.tls = s.authority.certify("mail.example.com", hour) },
		"certificate has expired":     func(s *server) { s.tls = s.authority.certify("127.0.0.1", time.Now().Add(-time.Minute)) },
	} {
		for _, implicit := range []bool{false, true} {
			s := newServer(t, change, func(s *server) { s.implicit = implicit && s.tls != nil })
			require.ErrorContains(t, newSMTP(s.config()).Send(note("ada@example.com")), reason)
			require.Empty(t, s.arrived)
			c := s.config()
			c.SMTP.User = nil
			require.ErrorContains(t, newSMTP(c).Send(note("ada@example.com")), reason, "nor without a login")
			require.Empty(t, s.arrived)
		}
	}
}

func TestSMTP_WrongPassword(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := newServer(t, func(s *server) { s.implicit = implicit })
		s.url.User = url.UserPassword("ada", "correct horse")
		err := newSMTP(s.config()).Send(note("ada@example.com"))
		require.ErrorContains(t, err, "535")
		require.NotContains(t, err.Error(), "correct horse")
		require.Empty(t, s.arrived)
	}
}

func TestSMTP_Down(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newServer(t)
	s.url.Host = l.Addr().String()
	l.Close()
	require.ErrorContains(t, newSMTP(s.config()).Send(note("ada@example.com")), "connection refused")
}

// hurry makes deliveries time out at once.
func hurry(t *testing.T) {
	usual := smtpTimeout
	t.Cleanup(func() { smtpTimeout = usual })
	smtpTimeout = 300 * time.Millisecond
}

// A server may fall silent at any point.
func TestSMTP_Silent(t *testing.T) {
	hurry(t)
	for _, said := range []string{"", "220 mail.example.com\r\n", "220 mail.example.com\r\n250-mail.example.com\r\n250 STARTTLS\r\n220 go ahead\r\n"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		gone := make(chan error, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				fmt.Fprint(conn, said)
				_, err = bufio.NewReader(conn).WriteTo(new(strings.Builder))
			}
			gone <- err
		}()
		s := newServer(t)
		s.url.Host = l.Addr().String()
		began := time.Now()
		require.ErrorIs(t, newSMTP(s.config()).Send(note("ada@example.com")), errSlow)
		require.Less(t, time.Since(began), 20*smtpTimeout)
		await(t, gone) // no connection is left open
	}
}

// Nor may it spend the time in small pieces: the lease ends some day.
func TestSMTP_SilentAfterTheMail(t *testing.T) {
	hurry(t)
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	s := newServer(t, func(s *server) { s.onData = func(received) error { <-over; return nil } })
	require.ErrorIs(t, newSMTP(s.config()).Send(note("ada@example.com")), errSlow)
}

func TestSMTP_TimeoutIsWithinTheLease(t *testing.T) {
	modelsLease := 2 * time.Minute
	require.Less(t, 2*smtpTimeout, modelsLease)
}

// A server that takes the mail and hangs up has taken the mail.
func TestSMTP_HangsUpAfterTheMail(t *testing.T) {
	s := newServer(t, func(s *server) { s.onReset = func(conn net.Conn) { conn.Close() } })
	require.NoError(t, newSMTP(s.config()).Send(note("ada@example.com")))
	require.Equal(t, "ada@example.com", s.next().to)
}

// A connection on which we could not log in is closed.
func TestSMTP_LeavesNoConnection(t *testing.T) {
	left := make(chan error, 1)
	s := newServer(t)
	s.url.User = url.UserPassword("ada", "wrong")
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer proxy.Close()
	go func() {
		client, err := proxy.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", s.url.Host)
		if err != nil {
			return
		}
		go bufio.NewReader(upstream).WriteTo(client)
		_, err = bufio.NewReader(client).WriteTo(upstream)
		left <- err
	}()
	c := s.config()
	through := *s.url
	through.Host = proxy.Addr().String()
	c.SMTP = &through
	require.Error(t, newSMTP(c).Send(note("ada@example.com")))
	await(t, left)
}

// What the server says of the recipient is kept for the operator.
func TestSMTP_RefusesRecipient(t *testing.T) {
	for _, code := range []int{550, 451} {
		s := newServer(t, func(s *server) {
			s.onRcpt = func(string) error {
				return &gosmtp.SMTPError{Code: code, Message: "mailbox of ada@example.com is shut"}
			}
		})
		err := newSMTP(s.config()).Send(note("ada@example.com"))
		require.ErrorContains(t, err, fmt.Sprint(code))
		require.ErrorContains(t, err, "is shut")
		require.Empty(t, s.arrived)
	}
}

// Nobody adds a header or a recipient by what is typed.
func TestSMTP_HeaderInjection(t *testing.T) {
	s := newServer(t)
	c := s.config()
	for _, address := range []string{
		"ada@example.com\r\nBcc: eve@example.com", "ada@example.com\nBcc: eve@example.com", "ada@example.com\r\n\r\nHello",
		"ada@example.com, eve@example.com", "<ada@example.com>\r\nRCPT TO:<eve@example.com>", "ada@example.com\x00", "",
	} {
		require.Error(t, newSMTP(c).Send(note(address)), "%q", address)
		m := note("ada@example.com")
		m.From = "<" + address + ">"
		require.Error(t, newSMTP(c).Send(m), "%q", address)
	}
	require.Empty(t, s.arrived)

	c.MailFrom.Name, c.MailFrom.Address = "Corral\r\nBcc: eve@example.com", "no-reply@corral.example"
	message, err := Compose(c, &models.Mail{Recipient: "ada@example.com", Template: models.MailPasswordChanged, Data: "{}"})
	require.NoError(t, err)
	message.Subject += "\r\nBcc: eve@example.com\r\n\r\nHello"
	require.NoError(t, newSMTP(c).Send(message))
	require.NotContains(t, parse(t, s.next()).header, "Bcc")
}
