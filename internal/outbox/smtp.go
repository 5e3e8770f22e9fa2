package outbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	gomail "github.com/wneessen/go-mail"
)

const (
	smtpTimeout  = 30 * time.Second // limit of a delivery: see composeFor
	reachTimeout = 5 * time.Second
	maxReplies   = 1 << 20 // bytes that a mail server may send on a connection
)

var errSlow = errors.New("the mail server took too long")

// SMTP is a mail.Sender with a timeout. It requires TLS with a valid certificate, if it
// comes from NewSMTP. Buffalo's sender has no timeout and may fall back to plain text.
type SMTP struct {
	Timeout time.Duration // limit of a delivery: 30 seconds by default, and at most

	host    string
	address string // host and port; the library writes no brackets around an IPv6 host
	options []gomail.Option

	implicitTLS *tls.Config // nil for STARTTLS
}

// logins lists the login methods in order of preference. SCRAM is none of them: the library
// hashes as often as the server says, which may be forever.
var logins = []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}

// NewSMTP returns a sender for smtp://user:password@host:587, with STARTTLS, or
// smtps://user:password@host:465, with implicit TLS. The sender gives domain in HELO:
// see Domain. If tlsConfig is nil, it trusts the system's authorities.
func NewSMTP(u *url.URL, domain string, tlsConfig *tls.Config) *SMTP {
	return newSMTP(u, domain, tlsConfig, gomail.TLSMandatory)
}

// NewDevelopmentSMTP is NewSMTP, but a server on this machine, such as Mailpit,
// needs neither TLS nor a valid certificate.
func NewDevelopmentSMTP(u *url.URL, domain string, tlsConfig *tls.Config) *SMTP {
	addr, _ := netip.ParseAddr(u.Hostname())
	if u.Hostname() != "localhost" && !addr.IsLoopback() {
		return NewSMTP(u, domain, tlsConfig)
	}
	return newSMTP(u, domain, &tls.Config{InsecureSkipVerify: true}, gomail.TLSOpportunistic)
}

func newSMTP(u *url.URL, domain string, tlsConfig *tls.Config, policy gomail.TLSPolicy) *SMTP {
	secured := tlsConfig.Clone()
	if secured == nil {
		secured = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	secured.ServerName = cmp.Or(secured.ServerName, u.Hostname())
	s := &SMTP{Timeout: smtpTimeout, host: u.Hostname(), options: []gomail.Option{
		gomail.WithTLSConfig(secured),
		gomail.WithHELO(domain),
	}}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
		s.implicitTLS = secured
		s.options = append(s.options, gomail.WithSSL())
	} else {
		s.options = append(s.options, gomail.WithTLSPolicy(policy))
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		port = p
	}
	s.address = net.JoinHostPort(s.host, strconv.Itoa(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(logins...))
	}
	return s
}

// Domain returns a host name unchanged and an IP in brackets (RFC 5321, 4.1.3).
func Domain(host string) string {
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return host
	case addr.Is6():
		return "[IPv6:" + host + "]"
	}
	return "[" + host + "]"
}

// Send delivers a message over a new connection.
func (s *SMTP) Send(m mail.Message) error {
	message, err := toSMTP(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if err := client.Send(message); err != nil && !message.IsDelivered() {
		err = fmt.Errorf("sending by SMTP: %w", tooSlow(ctx, err))
		if isRefusal(err) {
			return Permanent(err)
		}
		return err
	}
	client.Close() // ignore its error: the server has the mail, and another attempt would duplicate it
	return nil
}

// isRefusal reports whether the server refused the recipient permanently (RFC 5321, 4.2.1). Any
// other refusal concerns the connection, the sender or the message, which the operator can correct.
func isRefusal(err error) bool { return isReply(err, 5, gomail.ErrSMTPRcptTo) }

// isRefusedRecipient is isRefusal, unless the refusal may concern this app. The status 5.7, a
// refusal by policy, may: "relay access denied" (RFC 3463, 3.8). So may, without a status, the
// codes 530, "authentication required" (RFC 4954, 6), and 554, of some servers for "relay access
// denied". A 550 without a status usually means that there is no such user.
func isRefusedRecipient(err error) bool {
	var e *gomail.SendError
	if !isRefusal(err) || !errors.As(err, &e) {
		return false
	}
	if status := e.EnhancedStatusCode(); status != "" {
		return !strings.HasPrefix(status, "5.7")
	}
	return e.ErrorCode() != 530 && e.ErrorCode() != 554
}

// isPostponed reports whether the server takes the mail later, as greylisting does, or is too
// busy for a connection: 421 (RFC 5321, 3.8).
func isPostponed(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code == 421 ||
		isReply(err, 4, gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose)
}

func isReply(err error, class int, to ...gomail.SendErrReason) bool {
	var e *gomail.SendError
	return errors.As(err, &e) && e.ErrorCode()/100 == class && slices.Contains(to, e.Reason)
}

// Reach returns an error unless the sender can connect and log in within five seconds.
func (s *SMTP) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	client.Close()
	return nil
}

// connect connects and logs in. The connection closes when ctx ends: the library's
// timeout is for each step only, and a failed login leaves the connection open.
func (s *SMTP) connect(ctx context.Context) (*gomail.Client, error) {
	dial := func(dialing context.Context, network, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, s.address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		replies := &bounded{conn, io.LimitReader(conn, maxReplies)}
		if s.implicitTLS != nil {
			return tls.Client(replies, s.implicitTLS), nil
		}
		return replies, nil
	}
	client, err := gomail.NewClient(s.host, slices.Concat(s.options, []gomail.Option{
		gomail.WithTimeout(2 * s.Timeout), // later than ctx, which gives a clear error
		gomail.WithDialContextFunc(dial),
	})...)
	if err != nil {
		return nil, fmt.Errorf("setting up SMTP: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, fmt.Errorf("reaching the mail server: %w", tooSlow(ctx, err))
	}
	return client, nil
}

// bounded is a connection that ends after a number of bytes: the library reads lines of
// any length into memory.
type bounded struct {
	net.Conn
	reader io.Reader
}

func (c *bounded) Read(b []byte) (int, error) { return c.reader.Read(b) }

func tooSlow(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return err
}
