package services

import (
	"bytes"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

const patience = 30 * time.Second

// Mailbox is a mail server that requires TLS and a password. It keeps the mails.
type Mailbox struct {
	Variable string // SMTP_URL=…, for the app's environment
	Read     []Mail // the mails that Wait has returned

	mutex  sync.Mutex
	unread []Mail
}

// Mail is a received mail.
type Mail struct{ To, Subject, Text, HTML string }

// OpenMailbox starts a Mailbox until the test ends.
func OpenMailbox(t testing.TB, c *Certificate) *Mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &Mailbox{Variable: "SMTP_URL=smtp://ada:hunter2@" + listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{mailbox: m}, nil }))
	server.Domain, server.TLSConfig, server.EnableSMTPUTF8 = "mail.example.com", c.TLS(), true
	server.ErrorLog = log.New(io.Discard, "", 0) // tests kill clients
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

// Link waits for an unread mail to an email that has a link whose path begins with path,
// marks it read, and returns the path of the link.
func (m *Mailbox) Link(t testing.TB, to, path string) string {
	t.Helper()
	found := m.Wait(t, "to "+to+" with a link to "+path, func(m Mail) bool { return m.To == to && strings.Contains(m.Text, path) })
	for _, word := range strings.Fields(found.Text) {
		if u, err := url.Parse(word); err == nil && u.Scheme == "https" && strings.HasPrefix(u.Path, path) {
			return u.Path
		}
	}
	require.Fail(t, "no link to "+path, found.Text)
	return ""
}

// Wait waits for an unread mail for which fits is true, and returns the oldest of these
// mails. description is printed if none arrives.
func (m *Mailbox) Wait(t testing.TB, description string, fits func(Mail) bool) (found Mail) {
	t.Helper()
	require.Eventually(t, func() bool {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		i := slices.IndexFunc(m.unread, fits)
		if i < 0 {
			return false
		}
		found = m.unread[i]
		m.unread = slices.Delete(m.unread, i, i+1)
		return true
	}, patience, 5*time.Millisecond, "no mail %s", description)
	m.Read = append(m.Read, found)
	return found
}

// Unread returns the mails that Wait has not returned.
func (m *Mailbox) Unread() []Mail {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return slices.Clone(m.unread)
}

type delivery struct {
	mailbox  *Mailbox
	loggedIn bool
	to       string
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) { // go-smtp offers AUTH only after STARTTLS
	return sasl.NewPlainServer(func(_, username, password string) error {
		if d.loggedIn = username == "ada" && password == "hunter2"; !d.loggedIn {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (d *delivery) Mail(string, *smtp.MailOptions) error {
	if !d.loggedIn {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error { d.to = to; return nil }

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parse(raw)
	if err != nil {
		return err
	}
	m.To = d.to
	d.mailbox.mutex.Lock()
	defer d.mailbox.mutex.Unlock()
	d.mailbox.unread = append(d.mailbox.unread, m)
	return nil
}

func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }

func parse(raw []byte) (m Mail, err error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for _, content := range []*string{&m.Text, &m.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		*content = string(text)
	}
	return m, nil
}
