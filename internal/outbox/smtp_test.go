package outbox_test

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
)

func TestSMTP_ImplicitTLS(t *testing.T) {
	s := smtptest.New(t, func(s *smtptest.Server) { s.Implicit = true })
	require.NoError(t, sender(s).Send(message("ada@example.com")))
	require.Equal(t, []string{"ada@example.com"}, s.Next().To)
}

func TestSMTP_IPv6(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := smtptest.New(t, func(s *smtptest.Server) { s.Implicit = implicit })
		s.URL.Host = "[::ffff:127.0.0.1]:" + s.URL.Port()
		require.NoError(t, sender(s).Send(message("ada@example.com")))
	}
}

// The local part is quoted: RFC 5321, 4.1.2.
func TestSMTP_QuotesDotsOutOfPlace(t *testing.T) {
	for to, quoted := range map[string]string{
		"a..b@docomo.ne.jp":      `<"a..b"@docomo.ne.jp>`,
		"ab.@docomo.ne.jp":       `<"ab."@docomo.ne.jp>`,
		"a.b@docomo.ne.jp":       "<a.b@docomo.ne.jp>",
		"Ada <a.b@docomo.ne.jp>": "<a.b@docomo.ne.jp>",
	} {
		conversation := make(records, 10000)
		s := smtptest.New(t, func(s *smtptest.Server) { s.Debug = conversation })
		require.NoError(t, sender(s).Send(message(to)))
		require.NotNil(t, s.Next())
		conversation.await(t, "RCPT TO:"+quoted+"\r\n")
	}
}

func TestSMTP_RefusesServer(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	for reason, change := range map[string]func(*smtptest.Server){
		"does not support STARTTLS":   func(s *smtptest.Server) { s.TLS = nil },
		"unknown authority":           func(s *smtptest.Server) { s.TLS = smtptest.NewAuthority(t).Certify("127.0.0.1", hour) },
		"doesn't contain any IP SANs": func(s *smtptest.Server) { s.TLS = s.Authority.Certify("mail.example.com", hour) },
		"certificate has expired":     func(s *smtptest.Server) { s.TLS = s.Authority.Certify("127.0.0.1", time.Now().Add(-time.Minute)) },
	} {
		for _, implicit := range []bool{false, true} {
			s := smtptest.New(t, change, func(s *smtptest.Server) { s.Implicit = implicit && s.TLS != nil })
			require.ErrorContains(t, sender(s).Send(message("ada@example.com")), reason)
			require.ErrorContains(t, sender(s).Reach(t.Context()), reason)
			require.Empty(t, s.Arrived)
			s.URL.User = nil
			require.ErrorContains(t, sender(s).Send(message("ada@example.com")), reason, "also without a login")
			require.Empty(t, s.Arrived)
		}
	}
}

func TestSMTP_SystemAuthorities(t *testing.T) {
	s := smtptest.New(t)
	require.ErrorContains(t, outbox.NewSMTP(s.URL, "corral.example", nil).Send(message("ada@example.com")), "unknown authority")
}

func TestSMTP_ServerName(t *testing.T) {
	s := smtptest.New(t, func(s *smtptest.Server) { s.TLS = s.Authority.Certify("mail.example.com", time.Now().Add(time.Hour)) })
	trusting := s.Authority.Trusting()
	trusting.ServerName = "mail.example.com"
	require.NoError(t, outbox.NewSMTP(s.URL, "corral.example", trusting).Send(message("ada@example.com")))
}

func TestSMTP_WrongPassword(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := smtptest.New(t, func(s *smtptest.Server) { s.Implicit = implicit })
		s.URL.User = url.UserPassword("ada", "correct horse")
		for _, err := range []error{sender(s).Send(message("ada@example.com")), sender(s).Reach(t.Context())} {
			require.ErrorContains(t, err, "535")
			require.NotContains(t, err.Error(), "correct horse")
		}
		require.Empty(t, s.Arrived)
	}
}

func TestSMTP_Reach(t *testing.T) {
	s := smtptest.New(t)
	require.NoError(t, sender(s).Reach(t.Context()))
	require.Empty(t, s.Arrived)
}

func TestSMTP_ServerIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := smtptest.New(t)
	s.URL.Host = l.Addr().String()
	l.Close()
	require.ErrorContains(t, sender(s).Send(message("ada@example.com")), "connection refused")
}

// impatient returns a sender whose deliveries time out after 300 ms.
func impatient(s *smtptest.Server) *outbox.SMTP {
	smtp := sender(s)
	smtp.Timeout = 300 * time.Millisecond
	return smtp
}

func TestSMTP_SilentServerTimesOut(t *testing.T) {
	for _, greeting := range []string{"", "220 mail.example.com\r\n", "220 mail.example.com\r\n250-mail.example.com\r\n250 STARTTLS\r\n220 go ahead\r\n"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		closed := make(chan error, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				fmt.Fprint(conn, greeting)
				_, err = bufio.NewReader(conn).WriteTo(new(strings.Builder))
			}
			closed <- err
		}()
		s := smtptest.New(t)
		s.URL.Host = l.Addr().String()
		smtp, began := impatient(s), time.Now()
		require.ErrorIs(t, smtp.Send(message("ada@example.com")), outbox.ErrSlow)
		require.Less(t, time.Since(began), 20*smtp.Timeout)
		smtptest.Await(t, closed)
	}
}

// A mail server must not fill the memory with a line that has no end.
func TestSMTP_EndlessReply(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	sent := make(chan int, 1)
	go func() {
		all := 0
		conn, err := l.Accept()
		for line := "220 " + strings.Repeat("a", 1<<16); err == nil; line = line[4:] + "aaaa" {
			var n int
			n, err = fmt.Fprint(conn, line)
			all += n
		}
		sent <- all
	}()
	s := smtptest.New(t)
	s.URL.Host = l.Addr().String()
	require.Error(t, sender(s).Send(message("ada@example.com")))
	require.Less(t, smtptest.Await(t, sent), 16<<20, "with what the sockets hold")
}

// With SCRAM, the server would say how often the library hashes.
func TestSMTP_NeverUsesSCRAM(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	received := make(chan string, 1)
	go func() {
		var commands strings.Builder
		if conn, err := l.Accept(); err == nil {
			fmt.Fprint(conn, "220 mail.example.com\r\n250-mail.example.com\r\n250 AUTH SCRAM-SHA-256 PLAIN\r\n535 no\r\n501 cancelled\r\n221 bye\r\n")
			bufio.NewReader(conn).WriteTo(&commands)
		}
		received <- commands.String()
	}()
	u := &url.URL{Scheme: "smtp", Host: l.Addr().String(), User: url.UserPassword("user", "password")}
	require.ErrorContains(t, outbox.NewDevelopmentSMTP(u, "localhost", nil).Send(message("ada@example.com")), "535")
	require.Contains(t, smtptest.Await(t, received), "AUTH PLAIN ")
}

// The timeout also bounds the wait for the answer to the mail.
func TestSMTP_SilentAfterTheMail(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	s := smtptest.New(t, func(s *smtptest.Server) { s.OnData = func(smtptest.Received) error { <-end; return nil } })
	require.ErrorIs(t, impatient(s).Send(message("ada@example.com")), outbox.ErrSlow)
}

func TestSMTP_TimeoutIsWithinTheLease(t *testing.T) {
	require.Less(t, 2*sender(smtptest.New(t)).Timeout, outbox.Lease)
}

func TestSMTP_DisconnectAfterTheMailIsADelivery(t *testing.T) {
	s := smtptest.New(t, func(s *smtptest.Server) { s.AfterData = func(conn net.Conn) { conn.Close() } })
	require.NoError(t, sender(s).Send(message("ada@example.com")))
	require.Equal(t, []string{"ada@example.com"}, s.Next().To)
}

func TestSMTP_FailedLoginClosesTheConnection(t *testing.T) {
	closed := make(chan error, 1)
	s := smtptest.New(t)
	server := s.URL.Host
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer proxy.Close()
	go func() {
		client, err := proxy.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		go bufio.NewReader(upstream).WriteTo(client)
		_, err = bufio.NewReader(client).WriteTo(upstream)
		closed <- err
	}()
	s.URL.User, s.URL.Host = url.UserPassword("ada", "wrong"), proxy.Addr().String()
	require.Error(t, sender(s).Send(message("ada@example.com")))
	smtptest.Await(t, closed)
}

// The error has the server's answer, for the operator.
func TestSMTP_RefusesRecipient(t *testing.T) {
	for _, code := range []int{550, 451} {
		s := smtptest.New(t, func(s *smtptest.Server) {
			s.OnRcpt = func(string) error {
				return &gosmtp.SMTPError{Code: code, Message: "mailbox of ada@example.com is shut"}
			}
		})
		err := sender(s).Send(message("ada@example.com"))
		require.ErrorContains(t, err, fmt.Sprint(code))
		require.ErrorContains(t, err, "is shut")
		require.Empty(t, s.Arrived)
	}
}

func TestNewDevelopmentSMTP(t *testing.T) {
	for name, change := range map[string]func(*smtptest.Server){
		"plain":                func(s *smtptest.Server) { s.TLS = nil },
		"unknown authority":    func(*smtptest.Server) {},
		"smtps":                func(s *smtptest.Server) { s.Implicit = true },
		"plain, without login": func(s *smtptest.Server) { s.TLS, s.Open = nil, true },
	} {
		s := smtptest.New(t, change)
		if s.Open {
			s.URL.User = nil
		}
		require.NoError(t, outbox.NewDevelopmentSMTP(s.URL, "localhost", nil).Send(message("ada@example.com")), name)
		require.Equal(t, []string{"ada@example.com"}, s.Next().To)
	}
}

func TestNewDevelopmentSMTP_OtherMachine(t *testing.T) {
	s := smtptest.New(t, func(s *smtptest.Server) { s.TLS = nil })
	_, port, err := net.SplitHostPort(s.URL.Host)
	require.NoError(t, err)
	s.URL.Host = "0.0.0.0:" + port // reaches this machine, but is no loopback IP
	require.ErrorContains(t, outbox.NewDevelopmentSMTP(s.URL, "localhost", nil).Send(message("ada@example.com")), "does not support STARTTLS")
	require.Empty(t, s.Arrived)
}
