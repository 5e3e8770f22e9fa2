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

// patience is how long a mail may take.
const patience = 30 * time.Second

// Mailbox is a mail server that asks for TLS and a password, and keeps what arrives.
type Mailbox struct {
	Variable string // SMTP_URL=…
	Read     []Mail // those that Wait has returned

	mutex  sync.Mutex
	unread []Mail
}

// Mail is a mail as its reader has it.
type Mail struct{ To, Subject, Text, HTML string }

// OpenMailbox starts a mail server until the end of the test.
func OpenMailbox(t testing.TB, c *Certificate) *Mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &Mailbox{Variable: "SMTP_URL=smtp://ada:hunter2@" + listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{mailbox: m}, nil }))
	server.Domain, server.TLSConfig, server.EnableSMTPUTF8 = "mail.example.com", c.TLS(), true
	server.ErrorLog = log.New(io.Discard, "", 0) // of clients that are killed
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

// Link waits for a mail with a link below that path and returns where it leads.
func (m *Mailbox) Link(t testing.TB, to, path string) string {
	t.Helper()
	found := m.Wait(t, "to "+to+" with a link to "+path, func(l Mail) bool { return l.To == to && strings.Contains(l.Text, path) })
	for _, word := range strings.Fields(found.Text) {
		if u, err := url.Parse(word); err == nil && u.Scheme == "https" && strings.HasPrefix(u.Path, path) {
			return u.Path
		}
	}
	require.Fail(t, "no link to "+path, found.Text)
	return ""
}

// Wait returns the oldest mail that it has not returned before and that fits.
func (m *Mailbox) Wait(t testing.TB, which string, fits func(Mail) bool) (found Mail) {
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
	}, patience, 5*time.Millisecond, "no mail %s", which)
	m.Read = append(m.Read, found)
	return found
}

// Unread returns what has arrived and was not waited for.
func (m *Mailbox) Unread() []Mail {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return slices.Clone(m.unread)
}

// delivery is one connection to the mail server.
type delivery struct {
	mailbox  *Mailbox
	loggedIn bool
	to       string
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) { // go-smtp offers it within TLS only
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
	l, err := parse(raw)
	if err != nil {
		return err
	}
	l.To = d.to
	d.mailbox.mutex.Lock()
	defer d.mailbox.mutex.Unlock()
	d.mailbox.unread = append(d.mailbox.unread, l)
	return nil
}

func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }

// parse takes a mail apart: text first, then HTML.
func parse(raw []byte) (l Mail, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return l, err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, content := range []*string{&l.Text, &l.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			return l, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return l, err
		}
		*content = string(text)
	}
	return l, nil
}
