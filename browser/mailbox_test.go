package browser

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
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailbox is the mail server that the app sends to. It asks for TLS and a password.
type mailbox struct {
	url     string // for SMTP_URL
	arrived chan letter
	kept    []letter // arrived, and not looked for yet
	read    []letter // those that were
}

// letter is a mail as its reader has it.
type letter struct{ to, subject, text, html string }

func openMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &mailbox{url: "smtp://ada:hunter2@" + listener.Addr().String(), arrived: make(chan letter, 1000)}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) {
		return &delivery{mailbox: m}, nil
	}))
	server.Domain, server.TLSConfig, server.EnableSMTPUTF8 = "mail.example.com", certificate().tls, true
	server.ErrorLog = log.New(io.Discard, "", 0)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

// link waits for a mail with a link below that path and returns where it leads.
func (m *mailbox) link(t *testing.T, to, path string) string {
	t.Helper()
	l := m.wait(t, "to "+to+" with a link to "+path, func(l letter) bool { return l.to == to && strings.Contains(l.text, path) })
	for _, word := range strings.Fields(l.text) {
		if u, err := url.Parse(word); err == nil && u.Scheme == "https" && strings.HasPrefix(u.Path, path) {
			return u.Path
		}
	}
	require.Fail(t, "no link to "+path, l.text)
	return ""
}

// wait returns the oldest mail that was not asked for before and fits.
func (m *mailbox) wait(t *testing.T, which string, fits func(letter) bool) letter {
	t.Helper()
	for deadline := time.After(patience); ; {
		if i := slices.IndexFunc(m.kept, fits); i >= 0 {
			found := m.kept[i]
			m.kept, m.read = slices.Delete(m.kept, i, i+1), append(m.read, found)
			return found
		}
		select {
		case l := <-m.arrived:
			m.kept = append(m.kept, l)
		case <-deadline:
			require.Fail(t, "no mail "+which, "there are %v", m.kept)
		}
	}
}

// delivery is one connection to the mail server.
type delivery struct {
	mailbox  *mailbox
	loggedIn bool
	to       string
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) { // go-smtp offers it within TLS only
	return sasl.NewPlainServer(func(_, username, password string) error {
		if d.loggedIn = username == "ada" && password == "hunter2"; !d.loggedIn {
			return gosmtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (d *delivery) Mail(string, *gosmtp.MailOptions) error {
	if !d.loggedIn {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func (d *delivery) Rcpt(to string, _ *gosmtp.RcptOptions) error { d.to = to; return nil }

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l, err := parse(raw)
	l.to = d.to
	d.mailbox.arrived <- l
	return err
}

func (d *delivery) Reset()        {}
func (d *delivery) Logout() error { return nil }

// parse takes a mail apart: text first, then HTML.
func parse(raw []byte) (l letter, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return l, err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, content := range []*string{&l.text, &l.html} {
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
