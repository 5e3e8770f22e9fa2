package smtptest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Message is a parsed mail.
type Message struct {
	Header     mail.Header
	Subject    string
	Text, HTML string
}

// Parse parses a mail. It fails the test unless the mail has two alternatives, text
// and then HTML, both in quoted-printable.
func Parse(t testing.TB, r Received) Message {
	t.Helper()
	raw, err := mail.ReadMessage(bytes.NewReader(r.Raw))
	must(t, err)
	m := Message{Header: raw.Header}
	m.Subject, err = new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject"))
	must(t, err)
	kind, params, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	must(t, err)
	if kind != "multipart/alternative" {
		t.Fatal("the mail is ", kind)
	}
	parts := multipart.NewReader(raw.Body, params["boundary"])
	m.Text = content(t, parts, "text/plain")
	m.HTML = content(t, parts, "text/html") // mail programs prefer the last part
	if _, err = parts.NextPart(); err != io.EOF {
		t.Fatal("there is a third part: ", err)
	}
	return m
}

// Require parses a mail from `"Corral" <no-reply@corral.example>` to one recipient,
// and checks its headers and line lengths.
func Require(t testing.TB, r Received, to, subject string) Message {
	t.Helper()
	m := Parse(t, r)
	require.Equal(t, "no-reply@corral.example", r.From)
	require.Equal(t, []string{to}, r.To)
	require.Equal(t, subject, m.Subject)
	require.Equal(t, `"Corral" <no-reply@corral.example>`, m.Header.Get("From"))
	recipient, err := mail.ParseAddress(m.Header.Get("To"))
	require.NoError(t, err)
	require.Equal(t, to, recipient.Address)
	date, err := m.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Minute)
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	require.Regexp(t, `^<[0-9a-f-]{36}@corral\.example>$`, m.Header.Get("Message-Id"))

	// There is no List-Unsubscribe and no header that names a library.
	names := []string{}
	for name, values := range m.Header {
		require.Len(t, values, 1, name)
		names = append(names, name)
	}
	slices.Sort(names)
	require.Equal(t, []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}, names)
	require.NotContains(t, strings.ToLower(string(r.Raw)), "go-mail")

	for line := range strings.Lines(string(r.Raw)) {
		require.LessOrEqual(t, len(strings.TrimRight(line, "\r\n")), 78, line)
		require.True(t, strings.HasSuffix(line, "\r\n"), "%q", line)
		require.NotRegexp(t, `[^\x00-\x7f]`, line)
	}
	return m
}

func content(t testing.TB, parts *multipart.Reader, want string) string {
	t.Helper()
	part, err := parts.NextRawPart()
	must(t, err)
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	must(t, err)
	encoding := part.Header.Get("Content-Transfer-Encoding")
	if kind != want || strings.ToLower(params["charset"]) != "utf-8" || encoding != "quoted-printable" {
		t.Fatalf("the part is %s, %v, %s", kind, params, encoding)
	}
	read, err := io.ReadAll(quotedprintable.NewReader(part))
	must(t, err)
	return strings.ReplaceAll(string(read), "\r\n", "\n")
}
