package mailers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox/smtptest"
)

type message struct{ smtptest.Message }

// links returns the links in the text. It requires that the HTML has them too, the last one
// twice: as a button and as text.
func (m message) links(t testing.TB) (list []string) {
	t.Helper()
	for line := range strings.Lines(m.Text) {
		if strings.HasPrefix(line, "https://") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	if len(list) == 0 {
		require.NotContains(t, m.HTML, "https://")
		return nil
	}
	for _, link := range list {
		require.Contains(t, m.HTML, `href="`+link+`"`)
	}
	require.Equal(t, 2, strings.Count(m.HTML, list[len(list)-1]))
	require.Equal(t, 1+len(list), strings.Count(m.HTML, "https://"))
	return list
}

func (m message) link(t testing.TB) string {
	t.Helper()
	list := m.links(t)
	require.LessOrEqual(t, len(list), 1)
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func requireMail(t testing.TB, r smtptest.Received, to, subject string) message {
	t.Helper()
	m := message{smtptest.Require(t, r, to, subject)}
	require.Contains(t, m.Text, "\n-- \nSent by corral.example.", "a signature, as mail programs know it")
	require.Contains(t, m.HTML, `<html lang="en-US" dir="ltr">`)
	require.NotContains(t, m.HTML, "<script")
	require.NotContains(t, m.Text+m.HTML, "<no value>")
	require.NotContains(t, m.Text+m.HTML, "mail.", "a text that has no translation")
	return m
}
