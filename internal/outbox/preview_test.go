package outbox

import (
	"context"
	"errors"
	"testing"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/stretchr/testify/require"
)

func TestPreviews(t *testing.T) {
	compose := func(_ context.Context, m *Mail) (message mail.Message, err error) {
		if m.Template == "none" {
			return message, ErrNothingToSend
		}
		message.Subject = "Hello"
		message.Bodies = []mail.Body{{Content: "text"}, {Content: "<p>text</p>"}}
		return message, nil
	}
	list, err := previews(t.Context(), []Mail{{Template: "hello"}, {Template: "none"}}, compose)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, []string{"hello", "Hello", "text", "<p>text</p>"}, []string{list[0].Template, list[0].Subject, list[0].Text, list[0].HTML})
	require.Equal(t, []string{"none", "", "", ""}, []string{list[1].Template, list[1].Subject, list[1].Text, list[1].HTML})

	broken := errors.New("broken")
	_, err = previews(t.Context(), []Mail{{}}, func(context.Context, *Mail) (mail.Message, error) { return mail.Message{}, broken })
	require.ErrorIs(t, err, broken)
}
