package models_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"corral/internal/outbox"
	"corral/models"
	"corral/models/modelstest"
)

// resolved returns the template and the token that the newest mail to an email has at its
// delivery. The template is "" if nothing is sent.
func (ms *ModelSuite) resolved(email string) (template, rawToken string) {
	m := ms.mail(email)
	if err := models.ResolveMail(ms.T().Context(), m); err != nil {
		ms.ErrorIs(err, outbox.ErrNothingToSend)
		return "", ""
	}
	rawToken, err := models.Outbox.Token(m)
	ms.NoError(err)
	return m.Template, rawToken
}

func (ms *ModelSuite) requestSignup(email string) {
	ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeSignup, email, "", models.Client{}))
}

func (ms *ModelSuite) Test_Mail_Signup() {
	ms.requestSignup("zoe@example.com")
	template, rawToken := ms.resolved("zoe@example.com")
	ms.Equal(models.MailSignup, template)
	ms.NotEmpty(rawToken)
}

func (ms *ModelSuite) Test_Mail_SignupWithAccount() {
	ms.signUp("ada@example.com")
	ms.requestSignup("ada@example.com")
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignupTaken, template)
	ms.Empty(rawToken, "no link that would be refused")
}

// The template of a mail is decided at the delivery, not at the request.
func (ms *ModelSuite) Test_Mail_SignupBeforeTheAccount() {
	ms.requestSignup("ada@example.com")
	ms.signUp("ada@example.com")
	template, _ := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignupTaken, template)
}

// A mail that was sent stays as it is: in development, pages show it later.
func (ms *ModelSuite) Test_Mail_StaysAsItWasSent() {
	ms.requestSignup("ada@example.com")
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignup, template)
	ms.signUp("ada@example.com")
	again, token := ms.resolved("ada@example.com")
	ms.Equal(models.MailSignup, again)
	ms.Equal(rawToken, token)
}

func (ms *ModelSuite) Test_Mail_ResetWithoutAccount() {
	ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, "nobody@example.com", "", models.Client{}))
	ms.ErrorIs(models.ResolveMail(ms.T().Context(), ms.mail("nobody@example.com")), outbox.ErrNothingToSend)
	ms.signUp("ada@example.com")
	ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailReset, template)
	ms.NotEmpty(rawToken)
}

func (ms *ModelSuite) Test_Mail_ReservedEmail() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ms.changeEmail(ada, "ada@example.org")
	ms.requestSignup("ada@example.com")
	template, rawToken := ms.resolved("ada@example.com")
	ms.Equal(models.MailEmailReserved, template, "not MailSignupTaken: nobody has the email")
	ms.Empty(rawToken)
	ms.requireReservedFor(7 * day)
	ms.NoError(bob.RequestEmailChange(ms.T().Context(), "ada@example.com", models.Client{}))
	template, rawToken = ms.resolved("ada@example.com")
	ms.Equal(models.MailEmailReserved, template)
	ms.Empty(rawToken)

	models.Clock.Move(time.Hour)
	ms.changeEmail(ada, "ada@example.com") // the owner may change back to the former email
	models.Clock.Move(7 * 24 * time.Hour)  // the reservation of ada@example.org ends
	ms.changeEmail(bob, "ada@example.org")
}

func (ms *ModelSuite) Test_Mail_ReservedEmailOfADeletedAccount() {
	ms.NoError(ms.signUp("ada@example.com").Delete(ms.T().Context(), here))
	models.Clock.Move(time.Second)
	ms.requestSignup("ada@example.com")
	ms.requireReservedFor(models.DeletedUserLifetime - time.Second)
}

// requireReservedFor requires that the newest mail to ada says that the email is reserved for d.
func (ms *ModelSuite) requireReservedFor(d time.Duration) {
	ms.T().Helper()
	m, data := ms.mail("ada@example.com"), models.MailData{}
	for range 2 { // a second delivery says the same
		ms.NoError(models.ResolveMail(ms.T().Context(), m))
		ms.Equal(models.MailEmailReserved, m.Template)
		ms.NoError(json.Unmarshal([]byte(m.Data), &data))
		ms.WithinDuration(models.Clock.Now().Add(d), data.Until, time.Minute)
		ms.False(data.When.IsZero())
		ms.NoError(ms.DB.Find(m, m.ID))
	}
}

func (ms *ModelSuite) Test_Mail_LanguageOfTheAccount() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(ada.ChooseLanguage(ctx, "de"))
	stranger := models.Client{Language: "ja"}
	bob := ms.signUp("bob@example.com")
	ms.NoError(models.RequestLink(ctx, models.PurposeSignup, "ada@example.com", "ja", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(models.RequestLink(ctx, models.PurposeReset, "ada@example.com", "ja", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(bob.RequestEmailChange(ctx, "ada@example.com", stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.requireLanguage("ja", "bob@example.com", "the client's language: bob has chosen none")
	ms.NoError(ada.ChangePassword(ctx, modelstest.Password, stranger))
	ms.requireLanguage("de", "ada@example.com")
	ms.NoError(models.RequestLink(ctx, models.PurposeSignup, "zoe@example.com", "ja", stranger))
	ms.requireLanguage("ja", "zoe@example.com")
}

func (ms *ModelSuite) requireLanguage(want, email string, why ...any) {
	ms.T().Helper()
	m := ms.mail(email)
	ms.NoError(models.ResolveMail(ms.T().Context(), m))
	ms.Equal(want, m.Language, why...)
}

func (ms *ModelSuite) Test_Mail_EmailChangeToAnAccount() {
	ada := ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	ms.NoError(ada.RequestEmailChange(ms.T().Context(), "bob@example.com", models.Client{}))
	template, rawToken := ms.resolved("bob@example.com")
	ms.Equal(models.MailEmailTaken, template)
	ms.Empty(rawToken)
	ms.Equal([]string{models.MailEmailRequested}, modelstest.Mails(ms.T(), "ada@example.com"), "tells ada nothing about bob")
}

// A delayed mail of a change that was made does not say that another account wanted the email.
func (ms *ModelSuite) Test_Mail_EmailChangeThatIsDone() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ada.RequestEmailChange(ms.T().Context(), "ada@example.org", models.Client{}))
	delayed := ms.mail("ada@example.org")
	ms.changeEmail(ada, "ada@example.org")
	ms.NoError(models.ResolveMail(ms.T().Context(), delayed))
	ms.Equal(models.MailEmailConfirm, delayed.Template)
	ms.ErrorIs(models.StartLink(ms.T().Context(), delayed), outbox.ErrDeadLink, "so it is not sent")
}

// Prevents a flood of an owner's mailbox: an attacker in a confirmed session requests changes to
// many emails, from many networks.
func (ms *ModelSuite) Test_Mail_EmailChangeNoticesAreLimited() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	request := func(n, times int) {
		for range times {
			ms.NoError(ada.RequestEmailChange(ms.T().Context(), fmt.Sprintf("eve%d@example.com", n), clientAt(nthIP(n))))
		}
	}
	for n := range 4 {
		request(n, 1)
		ms.Equal([]string{models.MailEmailConfirm}, modelstest.Mails(ms.T(), fmt.Sprintf("eve%d@example.com", n)), "the request goes on")
	}
	ms.Equal(3, ms.mailsOf(models.MailEmailRequested))
	request(3, 3) // over both limits
	ms.Len(modelstest.Mails(ms.T(), "eve3@example.com"), 3)
	models.Clock.Move(time.Hour)
	request(4, 1)
	ms.Equal(4, ms.mailsOf(models.MailEmailRequested))
}

// The mails of a deleted account are kept as long as the account: an attacker must not
// suppress notices. Their links are void, except links that undo a change.
func (ms *ModelSuite) Test_Mail_DeletedAccount() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		ms.NoError(models.RequestLink(ctx, models.PurposeReset, email, "", models.Client{}))
	}
	ms.NoError(ada.RequestEmailChange(ctx, "ada@example.net", models.Client{}))
	ms.NoError(ada.Delete(ctx, models.Client{}))
	mails := []string{models.MailReset, models.MailEmailRequested, models.MailAccountDeleted}
	ms.Equal(mails, modelstest.Mails(ms.T(), "ada@example.com"))
	for template, email := range map[string]string{models.MailReset: "ada@example.com", models.MailEmailConfirm: "ada@example.net"} {
		m := &outbox.Mail{}
		ms.NoError(ms.DB.Where("recipient = ? AND template = ?", email, template).First(m))
		ms.Error(models.StartLink(ctx, m), template)
	}
	models.Clock.Move(models.DeletedUserLifetime - time.Second)
	ms.purge()
	ms.Equal(mails, modelstest.Mails(ms.T(), "ada@example.com"))
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Empty(modelstest.Mails(ms.T(), "ada@example.com"))
	ms.Equal([]string{models.MailReset}, modelstest.Mails(ms.T(), "bob@example.com"), "mails to others stay")
}

// The lifetime of a link begins when its mail is delivered, however late, unless the link
// was redeemed or voided before. If the mail is given up, the lifetime begins when the link
// was made.
func (ms *ModelSuite) Test_Mail_DeliveryStartsTheLifetime() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	models.Clock.Move(9 * time.Hour)
	ms.False(ms.resets(rawToken))
	ms.NoError(models.StartLink(ctx, ms.mail("ada@example.com")))
	models.Clock.Move(models.Lifetimes[models.PurposeReset] - time.Second)
	ms.True(ms.resets(rawToken))
	ms.NoError(models.StartLinkAtIssue(ctx, ms.mail("ada@example.com")))
	ms.False(ms.resets(rawToken), "given up")

	rawToken = ms.requestReset("ada@example.com")
	m := ms.mail("ada@example.com")
	ms.NoError(errorOf(models.ResetPassword(ctx, rawToken, modelstest.Password, here)))
	ms.Error(models.StartLink(ctx, m), "used")
	ms.NoError(models.StartLinkAtIssue(ctx, m))
	ms.False(ms.resets(rawToken))
	rawToken = ms.requestReset("ada@example.com")
	m = ms.mail("ada@example.com")
	ms.NoError(ms.user("ada@example.com").ChangePassword(ctx, modelstest.Password, here))
	ms.Error(models.StartLink(ctx, m), "void")
	ms.False(ms.resets(rawToken))
	ms.NoError(models.StartLink(ctx, &outbox.Mail{}), "a mail without a link")
}

func (ms *ModelSuite) Test_Mail_Data() {
	ada := ms.signUp("ada@example.com")
	client := models.Client{IP: netip.MustParseAddr("2001:db8::7"), UserAgent: "Fire\r\nBcc: x\x00\u202efox" + strings.Repeat("é", 500)}
	ms.NoError(ada.ChangePassword(ms.T().Context(), modelstest.Password, client))
	var data models.MailData
	ms.NoError(json.Unmarshal([]byte(ms.mail("ada@example.com").Data), &data))
	ms.Equal("2001:db8::7", data.IP)
	ms.True(strings.HasPrefix(data.UserAgent, "FireBcc: xfoxé"), data.UserAgent)
	ms.LessOrEqual(len(data.UserAgent), 255)
	ms.WithinDuration(models.Clock.Now(), data.When, time.Minute)
}

func (ms *ModelSuite) Test_Mail_WakesTheWorker() {
	select {
	case <-models.Outbox.Woken():
	default:
	}
	ctx, cancel := context.WithCancel(ms.T().Context())
	cancel()
	ms.Error(models.RequestLink(ctx, models.PurposeSignup, "zoe@example.com", "", models.Client{}))
	ms.Empty(models.Outbox.Woken())
	ms.requestSignup("zoe@example.com")
	ms.requestSignup("zoe@example.com") // does not block without a worker
	ms.Len(models.Outbox.Woken(), 1)
	<-models.Outbox.Woken()
}

// Attackers can cause floods of sign-up mails. These must not delay other mails.
func (ms *ModelSuite) Test_Mail_UnlimitedOnesComeLast() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ada.RequestEmailChange(ms.T().Context(), "ada@example.org", models.Client{}))
	ms.True(ms.mail("ada@example.org").LowPriority)
	ms.False(ms.mail("ada@example.com").LowPriority, "the notice")
	ms.requestSignup("zoe@example.com")
	ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
	ms.True(ms.mail("zoe@example.com").LowPriority)
	ms.False(ms.mail("ada@example.com").LowPriority)
}
