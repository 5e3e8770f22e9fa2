package mailers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
	"corral/locales"
	"corral/mailers"
	"corral/models"
	"corral/models/modelstest"
)

func TestCompose_Errors(t *testing.T) {
	modelstest.Empty(t)
	c := configOf(smtptest.New(t))
	for cause, m := range map[string]outbox.Mail{
		"no mail is named nonsense":       {Template: "nonsense"},
		"unexpected end of JSON input":    {Template: models.MailPasswordChanged, Data: "{"},
		"was its secret retired?":         {Template: models.MailEmailChanged, SealedToken: []byte("sealed with another secret than ours")},
		"a sealed value cannot be opened": {Template: models.MailEmailConfirm, SealedToken: []byte("x")},
	} {
		if m.Data == "" {
			m.Data = "{}"
		}
		_, err := mailers.Compose(t.Context(), c, &m)
		require.ErrorContains(t, err, cause)
	}
}

func TestCompose_HeaderInjection(t *testing.T) {
	modelstest.Empty(t)
	s := smtptest.New(t)
	c := configOf(s)
	c.MailFrom.Name = "Corral\r\nBcc: eve@example.com"
	message, err := mailers.Compose(t.Context(), c, &outbox.Mail{Recipient: "ada@example.com", Template: models.MailPasswordChanged, Data: "{}"})
	require.NoError(t, err)
	message.Subject += "\r\nBcc: eve@example.com\r\n\r\nHello"
	require.NoError(t, sender(s).Send(message))
	r := s.Next()
	require.Equal(t, []string{"ada@example.com"}, r.To)
	require.NotContains(t, smtptest.Parse(t, r).Header, "Bcc")
}

// Every mail has its language in two elements: some mail programs show only the body.
func TestCompose_EveryMailInEveryLanguage(t *testing.T) {
	modelstest.Empty(t)
	c := configOf(smtptest.New(t))
	ada := modelstest.SignUp(t, "ada@example.org")
	texts, err := i18n.Load(locales.FS)
	require.NoError(t, err)
	for _, language := range texts.Names() {
		for _, template := range []string{
			models.MailSignup, models.MailSignupTaken, models.MailReset, models.MailPasswordChanged, models.MailNewBrowser,
			models.MailEmailConfirm, models.MailEmailTaken, models.MailEmailRequested, models.MailEmailChanged, models.MailAccountDeleted,
		} {
			m := &outbox.Mail{Recipient: "ada@example.com", Template: template, Language: language, Data: "{}"}
			if template == models.MailReset {
				m.Recipient = ada.Email // without an account, nothing is sent
			}
			message, err := mailers.Compose(t.Context(), c, m)
			require.NoError(t, err)
			require.NotEmpty(t, message.Subject)
			require.Len(t, message.Bodies, 2)
			require.Equal(t, 2, strings.Count(message.Bodies[1].Content, ` lang="`+language+`" dir="`+i18n.Direction(language)+`"`))
		}
	}
}
