package models_test

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/gofrs/uuid"

	"corral/models"
	"corral/models/modelstest"
)

// resolved is what the newest mail to an address is at the moment when it is sent.
func (ms *ModelSuite) resolved(email string) (template, rawToken string) {
	m := ms.mail(email)
	if err := m.Resolve(ms.T().Context()); err != nil {
		ms.ErrorIs(err, models.ErrNotFound)
		return "", ""
	}
	rawToken, err := m.Token()
	ms.NoError(err)
	return m.Template, rawToken
}

func (ms *ModelSuite) mail(email string) *models.Mail {
	m := &models.Mail{}
	ms.NoError(ms.DB.Where("recipient = ?", email).Order("created_at DESC").First(m))
	return m
}

func (ms *ModelSuite) requestSignup(email string) {
	ms.NoError(models.RequestSignup(ms.T().Context(), email, "", models.Origin{}))
}

func (ms *ModelSuite) Test_Mail_SignupFree() {
	ms.requestSignup("zoe@example.com")
	template, rawToken := ms.resolved("zoe@example.com")
	ms.Equal(models.MailSignup, template)
	ms.NotEmpty(rawToken)
}

func (ms *ModelSuite) Test_Mail_SignupTaken() {
	ms.signUp("ada@example.com")
	ms.requestSignup("ada@example.com")
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignupTaken, template)
	ms.Empty(rawToken, "no link that would be refused")
}

// What counts is the moment when it is sent, not that of the request.
func (ms *ModelSuite) Test_Mail_SignupTakenSince() {
	ms.requestSignup("ada@example.com")
	ms.signUp("ada@example.com")
	template, _ := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignupTaken, template)
}

func (ms *ModelSuite) Test_Mail_ResetForUnknownAddress() {
	ms.NoError(models.RequestReset(ms.T().Context(), "nobody@example.com", "", models.Origin{}))
	ms.ErrorIs(ms.mail("nobody@example.com").Resolve(ms.T().Context()), models.ErrNotFound)
	ms.signUp("ada@example.com")
	ms.NoError(models.RequestReset(ms.T().Context(), "ada@example.com", "", models.Origin{}))
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailReset, template)
	ms.NotEmpty(rawToken)
}

// move gives the account another address, as its owner does.
func (ms *ModelSuite) move(user *models.User, email string) {
	ms.NoError(user.RequestEmailChange(ms.T().Context(), email, models.Origin{}))
	template, rawToken := ms.resolved(email)
	ms.Equal(models.MailEmailConfirm, template)
	ms.NoError(user.ConfirmEmailChange(ms.T().Context(), rawToken, models.Origin{}))
}

// For a week the old address is kept for whoever may want it back.
func (ms *ModelSuite) Test_Mail_ReservedAddress() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ms.move(ada, "ada@example.org")
	ms.requestSignup("ada@example.com")
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignupTaken, template)
	ms.Empty(rawToken)
	ms.NoError(bob.RequestEmailChange(ms.T().Context(), "ada@example.com", models.Origin{}))
	template, rawToken = ms.resolved("ada@example.com")
	ms.Equal(models.MailEmailTaken, template)
	ms.Empty(rawToken)

	models.Clock.Move(time.Hour)
	ms.move(ada, "ada@example.com") // who had it may have it back
	models.Clock.Move(7 * 24 * time.Hour)
	ms.move(bob, "ada@example.org")
}

// Whoever asks for it, a mail to an account is in the account's language.
func (ms *ModelSuite) Test_Mail_OwnersLanguage() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(ada.ChooseLanguage(ctx, "de"))
	stranger := models.Origin{Language: "ja"}
	bob := ms.signUp("bob@example.com")
	ms.NoError(models.RequestSignup(ctx, "ada@example.com", "ja", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(models.RequestReset(ctx, "ada@example.com", "ja", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(bob.RequestEmailChange(ctx, "ada@example.com", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.requireLanguage("ja", "bob@example.com", "of the page, for he has chosen none")
	ms.NoError(ada.ChangePassword(ctx, modelstest.Password, stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(models.RequestSignup(ctx, "zoe@example.com", "ja", stranger))
	ms.requireLanguage("ja", "zoe@example.com")
}

func (ms *ModelSuite) requireLanguage(want, email string, why ...any) {
	ms.T().Helper()
	m := ms.mail(email)
	ms.NoError(m.Resolve(ms.T().Context()))
	ms.Equal(want, m.Language, why...)
}

func (ms *ModelSuite) Test_Mail_EmailChangeToTakenAddress() {
	ada := ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	ms.NoError(ada.RequestEmailChange(ms.T().Context(), "bob@example.com", models.Origin{}))
	template, rawToken := ms.resolved("bob@example.com")
	ms.Equal(models.MailEmailTaken, template)
	ms.Empty(rawToken)
	ms.Equal([]string{models.MailEmailAsked}, modelstest.Mails(ms.T(), "ada@example.com"), "as if it were free")
}

// What was on its way to the person goes with the account, but for the goodbye.
func (ms *ModelSuite) Test_Mail_DeletedAccount() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		ms.NoError(models.RequestReset(ctx, email, "", models.Origin{}))
	}
	ms.NoError(ada.RequestEmailChange(ctx, "ada@example.org", models.Origin{}))
	ms.NoError(ada.ChangePassword(ctx, modelstest.Password, models.Origin{}))
	ms.NoError(ada.RequestEmailChange(ctx, "ada@example.net", models.Origin{}))
	ms.NoError(ada.Delete(ctx, models.Origin{}))
	ms.Equal([]string{models.MailAccountDeleted}, modelstest.Mails(ms.T(), "ada@example.com"))
	ms.Empty(modelstest.Mails(ms.T(), "ada@example.net"))
	ms.Equal([]string{models.MailReset}, modelstest.Mails(ms.T(), "bob@example.com"), "nobody else's")
	template, _ := ms.resolved("ada@example.com")
	ms.Equal(models.MailAccountDeleted, template)
}

// An old address is not the person's for ever: mails to who has it now stay.
func (ms *ModelSuite) Test_Mail_DeletedAccountOfAnAddressSetFree() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.move(ada, "ada@example.org")
	models.Clock.Move(7 * day)
	ms.signUp("ada@example.com")
	ms.NoError(models.RequestReset(ctx, "ada@example.com", "", models.Origin{}))
	ada, err := models.FindUserByEmail(ctx, "ada@example.org")
	ms.NoError(err)
	ms.NoError(ada.Delete(ctx, models.Origin{}))
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailReset)
}

// What a notice says of a request is short and printable, whatever was sent.
func (ms *ModelSuite) Test_Mail_Details() {
	ada := ms.signUp("ada@example.com")
	from := models.Origin{Client: netip.MustParseAddr("2001:db8::7"), UserAgent: "Fire\r\nBcc: x\x00\u202efox" + strings.Repeat("é", 500)}
	ms.NoError(ada.ChangePassword(ms.T().Context(), modelstest.Password, from))
	d, err := ms.mail("ada@example.com").Details()
	ms.NoError(err)
	ms.Equal("2001:db8::7", d.Address)
	ms.True(strings.HasPrefix(d.UserAgent, "FireBcc: xfoxé"), d.UserAgent)
	ms.LessOrEqual(len(d.UserAgent), 255)
	ms.WithinDuration(models.Clock.Now(), d.When, time.Minute)
}

// A request wakes the worker once it is committed, and not when it failed.
func (ms *ModelSuite) Test_Mail_Queued() {
	select {
	case <-models.MailQueued():
	default:
	}
	ctx, cancel := context.WithCancel(ms.T().Context())
	cancel()
	ms.Error(models.RequestSignup(ctx, "zoe@example.com", "", models.Origin{}))
	ms.Empty(models.MailQueued())
	ms.requestSignup("zoe@example.com")
	ms.requestSignup("zoe@example.com") // nobody listens, and nobody waits
	ms.Len(models.MailQueued(), 1)
	<-models.MailQueued()
}

// The development mailbox shows the newest first.
func (ms *ModelSuite) Test_Mail_Newest() {
	ctx := ms.T().Context()
	for _, email := range []string{"zoe@example.com", "max@example.com"} {
		ms.requestSignup(email)
		models.Clock.Move(time.Second)
	}
	mails, err := models.NewestMails(ctx)
	ms.NoError(err)
	ms.Len(mails, 2)
	ms.Equal("max@example.com", mails[0].Recipient)
	found, err := models.FindMail(ctx, mails[1].ID.String())
	ms.NoError(err)
	ms.Equal("zoe@example.com", found.Recipient)
	for _, id := range []string{"", "x", uuid.Nil.String()} {
		_, err = models.FindMail(ctx, id)
		ms.ErrorIs(err, models.ErrNotFound, id)
	}
}
