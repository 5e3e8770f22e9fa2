package mailers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/internal/outbox/smtptest"
	"corral/locales"
	"corral/mailers"
	"corral/models"
	"corral/models/modelstest"
	"corral/templates"
)

func TestCompose_Errors(t *testing.T) {
	modelstest.Empty(t)
	c := configOf(smtptest.New(t))
	for cause, m := range map[string]outbox.Mail{
		"no mail is named nonsense":       {Template: "nonsense"},
		"unexpected end of JSON input":    {Template: models.MailPasswordChanged, Data: "{"},
		"its secret is unknown":           {Template: models.MailEmailChanged, SealedToken: []byte("sealed with another secret than ours")},
		"a sealed value cannot be opened": {Template: models.MailEmailConfirm, SealedToken: []byte("x")},
	} {
		if m.Data == "" {
			m.Data = "{}"
		}
		_, err := mailers.Compose(t.Context(), c, &m)
		require.ErrorContains(t, err, cause)
		if m.SealedToken != nil {
			require.NoError(t, models.StartLinkAtIssue(t.Context(), &m), "otherwise the mail could not be given up")
		}
	}
}

// While an older release runs beside a newer one, it leaves the newer one's mails to it, with
// what there is to decide about them.
func TestCompose_UnknownTemplateIsNotResolved(t *testing.T) {
	modelstest.Empty(t)
	c, email := configOf(smtptest.New(t)), "ada@example.com"
	require.NoError(t, models.Outbox.Add(models.DB, outbox.Mail{Recipient: email, Template: "newer", Data: "{}"}, ""))
	m := mailTo(t, email)
	_, err := mailers.Compose(t.Context(), c, &m)
	require.EqualError(t, err, "no mail is named newer")
	m = mailTo(t, email)
	require.Empty(t, m.Resolved)

	m.Resolved = models.MailSignupTaken // the newer release decided
	message, err := mailers.Compose(t.Context(), c, &m)
	require.NoError(t, err)
	require.Equal(t, "You have an account already", message.Subject)
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

// withoutNotMe are the mails that announce no change, or follow an undo.
var withoutNotMe = []string{
	models.MailSignup, models.MailSignupTaken, models.MailReset, models.MailEnrol,
	models.MailEmailConfirm, models.MailEmailTaken, models.MailEmailReserved, models.MailUndone, models.MailUndoFinished,
}

func TestCompose_SecurityMailsSayWhenAndWhereAndUndo(t *testing.T) {
	modelstest.Empty(t)
	c, client := configOf(smtptest.New(t)), models.MailData{When: time.Date(2026, 2, 3, 4, 5, 0, 0, time.UTC), IP: "192.0.2.7", UserAgent: "Firefox"}
	english, err := locales.FS.ReadFile("all.en-us.yaml")
	require.NoError(t, err)
	for _, found := range regexp.MustCompile(`id: mail\.(\w+)\.subject`).FindAllStringSubmatch(string(english), -1) {
		template := found[1]
		_, missing := templates.FS.Open("mail/" + template + ".plush.html") // nil for a mail that a developer added
		if slices.Contains(withoutNotMe, template) || missing == nil {
			continue
		}
		t.Run(template, func(t *testing.T) {
			m := outbox.Mail{Recipient: template + "@example.com", Template: template, Language: "en-US"}
			require.NoError(t, m.SetData(client))
			require.NoError(t, models.Outbox.Add(models.DB, m, "raw-token"))
			m = mailTo(t, m.Recipient)
			message, err := mailers.Compose(t.Context(), c, &m)
			require.NoError(t, err)
			for _, body := range message.Bodies {
				for _, want := range []string{"https://corral.example/not-me/raw-token", "2026", "4:05", "192.0.2.7", "Firefox"} {
					require.Contains(t, body.Content, want)
				}
			}
		})
	}
}

// Task user:delete has no client, and neither has the janitor.
func TestCompose_SaysThatAnOperatorDeletedTheAccount(t *testing.T) {
	modelstest.Empty(t)
	c := configOf(smtptest.New(t))
	for _, template := range []string{models.MailAccountDeleted, models.MailUndoFinished} {
		m := outbox.Mail{Recipient: template + "@example.com", Template: template, Language: "en-US"}
		require.NoError(t, m.SetData(models.MailData{When: models.Clock.Now()}))
		require.NoError(t, models.Outbox.Add(models.DB, m, "raw-token"))
		m = mailTo(t, m.Recipient)
		message, err := mailers.Compose(t.Context(), c, &m)
		require.NoError(t, err)
		for _, body := range message.Bodies {
			require.Equal(t, template == models.MailAccountDeleted, strings.Contains(body.Content, "By the people who run this site"), body.Content)
		}
	}
}

// The HTML has the language in two elements: some mail programs show only the body.
func TestCompose_HasSubjectAndLanguage(t *testing.T) {
	modelstest.Empty(t)
	c := configOf(smtptest.New(t))
	ada := modelstest.SignUp(t, "ada@example.org")
	texts, err := i18n.Load(locales.FS, locales.Default)
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
