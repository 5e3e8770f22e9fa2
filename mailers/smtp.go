package mailers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	gomail "github.com/wneessen/go-mail"

	"corral/config"
)

// smtpTimeout bounds one delivery, well within the lease of a mail. Tests do not
// wait that long.
var smtpTimeout = 30 * time.Second

var errSlow = errors.New("the mail server took too long")

// smtp is a mail.Sender. Buffalo's own takes a connection without TLS when the
// server offers none, and waits for ever.
type smtp struct {
	host    string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	options []gomail.Option
}

// tlsConfig trusts the system's authorities. Tests trust their own.
var tlsConfig = func(host string) *tls.Config {
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
}

// logins are the ways to log in, the best first. All of them are within TLS.
var logins = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}

func newSMTP(c config.Config) smtp {
	u, secured := c.SMTP, tlsConfig(c.SMTP.Hostname())
	s := smtp{host: u.Hostname(), dial: new(net.Dialer).DialContext, options: []gomail.Option{
		gomail.WithTimeout(2 * smtpTimeout), // Send's context is first: the library's error does not tell that time was up
		gomail.WithTLSConfig(secured),
		gomail.WithHELO(domain(c)),
	}}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
		s.dial = (&tls.Dialer{Config: secured}).DialContext
		s.options = append(s.options, gomail.WithSSL())
	} else {
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		port = p
	}
	s.options = append(s.options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(logins...))
	}
	return s
}

// domain is what this app is called in mail: the host of HOST, which stands in
// brackets when it is an address (RFC 5321, 4.1.3).
func domain(c config.Config) string {
	name := c.Host.Hostname()
	addr, err := netip.ParseAddr(name)
	switch {
	case err != nil:
		return name
	case addr.Is6():
		return "[IPv6:" + name + "]"
	}
	return "[" + name + "]"
}

// connect logs in. The connection ends with ctx, in whatever state it is: the
// library starts its time-out anew with every step, and leaves a connection
// open on which it could not log in.
func (s smtp) connect(ctx context.Context) (*gomail.Client, error) {
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	client, err := gomail.NewClient(s.host, slices.Concat(s.options, []gomail.Option{gomail.WithDialContextFunc(dial)})...)
	if err != nil {
		return nil, fmt.Errorf("setting up SMTP: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, fmt.Errorf("reaching the mail server: %w", tooSlow(ctx, err))
	}
	return client, nil
}

// Send delivers a message over a connection of its own. The server's
// certificate is checked.
func (s smtp) Send(m mail.Message) error {
	message, err := toSMTP(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), smtpTimeout)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if err := client.Send(message); err != nil && !message.IsDelivered() {
		return fmt.Errorf("sending by SMTP: %w", tooSlow(ctx, err))
	}
	client.Close() // it has the mail: were its goodbye an error, the mail would be sent twice
	return nil
}

// tooSlow gives an error its name that is but the end of the time.
func tooSlow(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return err
}

func toSMTP(m mail.Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(m.From); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := message.To(m.To...); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	message.Subject(m.Subject)
	message.SetDate()
	for name, value := range m.Headers {
		message.SetGenHeader(gomail.Header(name), value)
	}
	for i, body := range m.Bodies {
		kind, _, _ := mime.ParseMediaType(body.ContentType) // ours, so it parses
		if i == 0 {
			message.SetBodyString(gomail.ContentType(kind), body.Content)
		} else {
			message.AddAlternativeString(gomail.ContentType(kind), body.Content)
		}
	}
	return message, nil
}
