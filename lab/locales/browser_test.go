package locales

import (
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

// story uses the whole app in one language.
type story struct {
	*site.Site
	t      *testing.T
	reader *Reader
	seen   map[string]bool // paths and routes of the pages that were read
}

func newStory(t *testing.T, reader *Reader) *story {
	t.Helper()
	return &story{site.Open(t), t, reader, map[string]bool{}}
}

func (s *story) browser() *site.Browser {
	b := s.Browser()
	b.Header.Set("Accept-Language", s.reader.Language)
	return b
}

// read requires that an answer has the status and is a page in the story's language.
func (s *story) read(a site.Answer, status int, route ...string) {
	s.t.Helper()
	require.Equal(s.t, status, a.StatusCode, a.Page)
	direction := map[bool]string{true: "rtl", false: "ltr"}[s.reader.Language == "ar"]
	require.Contains(s.t, a.Page, `<html lang="`+s.reader.Language+`" dir="`+direction+`"`)
	require.Empty(s.t, s.reader.UntranslatedOf(s.t, a.Page), "%s %s has texts that are not in the file of %s", a.Request.Method, a.Request.URL.Path, s.reader.Language)
	require.Empty(s.t, s.reader.LooseEmails(s.t, a.Page), a.Request.URL.Path)
	for _, path := range append(route, a.Request.URL.Path) {
		s.seen[path] = s.seen[path] || status == 200
	}
}

func (s *story) queue(template, recipient string) (id string) {
	s.t.Helper()
	id = uuid.Must(uuid.NewV7()).String()
	s.Execute(`INSERT INTO mails (id, recipient, template, language, data, low_priority, resolved, attempts, last_error, created_at, due_at) VALUES (?, ?, ?, ?, ?, FALSE, '', 0, '', ?, ?)`,
		id, recipient, template, s.reader.Language,
		`{"when": "2026-11-24T15:04:00Z", "ip": "192.0.2.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "new_email": "ada@new.example"}`,
		time.Now().UTC(), time.Now().UTC())
	return id
}
