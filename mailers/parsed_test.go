package mailers

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

// parsed is a mail as a mail program reads it.
type parsed struct {
	header     mail.Header
	subject    string
	text, html string
}

func parse(t testing.TB, r received) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(r.raw))
	require.NoError(t, err)
	p := parsed{header: m.Header}
	p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, part := range []struct {
		kind    string
		content *string
	}{{"text/plain", &p.text}, {"text/html", &p.html}} { // the last is the one that is preferred
		next, err := parts.NextRawPart()
		require.NoError(t, err)
		kind, params, err := mime.ParseMediaType(next.Header.Get("Content-Type"))
		require.NoError(t, err)
		require.Equal(t, part.kind, kind)
		require.Equal(t, "utf-8", strings.ToLower(params["charset"]))
		require.Equal(t, "quoted-printable", next.Header.Get("Content-Transfer-Encoding"))
		content, err := io.ReadAll(quotedprintable.NewReader(next))
		require.NoError(t, err)
		*part.content = strings.ReplaceAll(string(content), "\r\n", "\n")
	}
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)
	return p
}

// links are the addresses in the text. The HTML has them too, and the last one
// twice: as a button and to be copied.
func (p parsed) links(t testing.TB) (list []string) {
	t.Helper()
	for line := range strings.Lines(p.text) {
		if strings.HasPrefix(line, "https://") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	if len(list) == 0 {
		require.NotContains(t, p.html, "https://")
		return nil
	}
	for _, link := range list {
		require.Contains(t, p.html, `href="`+link+`"`)
	}
	require.Equal(t, 2, strings.Count(p.html, list[len(list)-1]))
	require.Equal(t, 1+len(list), strings.Count(p.html, "https://"))
	return list
}

// link is the only address, or "".
func (p parsed) link(t testing.TB) string {
	t.Helper()
	list := p.links(t)
	require.LessOrEqual(t, len(list), 1)
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// requireMail checks what holds for every mail.
func requireMail(t testing.TB, r received, to, subject string) parsed {
	t.Helper()
	p := parse(t, r)
	require.Equal(t, "no-reply@corral.example", r.from)
	require.Equal(t, to, r.to)
	require.Equal(t, subject, p.subject)
	require.Equal(t, `"Corral" <no-reply@corral.example>`, p.header.Get("From"))
	address, err := mail.ParseAddress(p.header.Get("To"))
	require.NoError(t, err)
	require.Equal(t, to, address.Address)
	date, err := p.header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Minute)
	require.Equal(t, "auto-generated", p.header.Get("Auto-Submitted"))
	require.Regexp(t, `^<[0-9a-f-]{36}@corral\.example>$`, p.header.Get("Message-Id"))

	// Neither List-Unsubscribe nor the name of a library.
	names := []string{}
	for name, values := range p.header {
		require.Len(t, values, 1, name)
		names = append(names, name)
	}
	slices.Sort(names)
	require.Equal(t, []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}, names)
	require.NotContains(t, strings.ToLower(string(r.raw)), "go-mail")

	for line := range strings.Lines(string(r.raw)) {
		require.LessOrEqual(t, len(strings.TrimRight(line, "\r\n")), 78, line)
		require.True(t, strings.HasSuffix(line, "\r\n"), "%q", line)
		require.NotRegexp(t, `[^\x00-\x7f]`, line)
	}
	require.Contains(t, p.text, "\n-- \nSent by corral.example.", "a signature, as mail programs know it")
	require.Contains(t, p.html, `<html lang="en-US" dir="ltr">`)
	require.NotContains(t, p.html, "<script")
	require.NotContains(t, p.text+p.html, "<no value>")
	require.NotContains(t, p.text+p.html, "mail.", "a text that has no translation")
	return p
}
