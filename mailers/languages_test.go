package mailers

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/actions/view"
	"corral/locales/localestest"
	"corral/models"
)

// Every mail, in every language, in text and in HTML, says nothing but what
// stands in the file of that language.
func TestLanguages_EveryMailSpeaksOne(t *testing.T) {
	data, err := json.Marshal(models.MailData{
		When: time.Date(2026, 11, 24, 15, 4, 0, 0, time.UTC), Address: "192.0.2.7", UserAgent: userAgent, NewEmail: "ada@new.example",
	})
	require.NoError(t, err)
	for _, reader := range localestest.Readers(t) {
		for name := range letters {
			m := &models.Mail{ID: uuid.Must(uuid.NewV4()), Template: name, Recipient: "ada@example.com", Language: reader.Language, Data: string(data)}
			message, err := Compose(newServer(t).config(), m)
			require.NoError(t, err)
			require.Len(t, message.Bodies, 2)
			text, page := message.Bodies[0].Content, message.Bodies[1].Content
			// Once for the page, and once for programs that show no more than what is in its body.
			require.Equal(t, 2, strings.Count(page, ` lang="`+m.Language+`" dir="`+view.Direction(m.Language)+`"`))
			strange := append(reader.Strange(message.Subject), reader.Page(t, page)...)
			for line := range strings.Lines(text) {
				strange = append(strange, reader.Strange(line)...)
			}
			require.Empty(t, strange, "%s says what the file of %s does not", name, reader.Language)
		}
		for _, key := range reader.Unheard() {
			require.False(t, strings.HasPrefix(key, "mail."), "no mail says %s", key)
		}
	}
}
