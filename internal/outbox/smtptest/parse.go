package smtptest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
)

// Message is a parsed mail.
type Message struct {
	Header     mail.Header
	Subject    string
	Text, HTML string
}

// Parse parses a mail with a text and an HTML alternative, in this order and
// quoted-printable. It fails the test for others.
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
