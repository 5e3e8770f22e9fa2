package mailers

import (
	"context"
	"crypto/tls"
	"fmt"
	"mime"
	"strconv"
	"time"

	"github.com/gobuffalo/buffalo/mail"
	gomail "github.com/wneessen/go-mail"

	"corral/config"
)

// smtpTimeout bounds one delivery, well within the lease of a mail.
const smtpTimeout = 30 * time.Second

// smtp is a mail.Sender. Buffalo's own takes a connection without TLS when the
// server offers none, and waits for ever.
type smtp struct {
	host    string
	options []gomail.Option
}

// tlsConfig trusts the system's authorities. Tests trust their own.
var tlsConfig = func(host string) *tls.Config {
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
}

func newSMTP(c config.Config) smtp {
	u := c.SMTP
	s := smtp{host: u.Hostname(), options: []gomail.Option{
		gomail.WithTimeout(smtpTimeout),
		gomail.WithTLSConfig(tlsConfig(u.Hostname())),
		gomail.WithHELO(c.Host.Hostname()),
	}}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
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
			gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover))
	}
	return s
}

// Send delivers a message over a connection of its own. The server's
// certificate is checked.
func (s smtp) Send(m mail.Message) error {
	message, err := toSMTP(m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("setting up SMTP: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), smtpTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("sending by SMTP: %w", err)
	}
	return nil
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
