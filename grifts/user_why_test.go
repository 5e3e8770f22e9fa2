package grifts

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/factor"
	"corral/internal/outbox"
	"corral/internal/secret"
	"corral/models"
	"corral/models/modelstest"
)

var mailID = uuid.Must(uuid.NewV7())

// explained returns what `task user:why` prints. T stands for times, U for mailID.
func explained(t *testing.T, f *models.Findings, c config.Config) string {
	t.Helper()
	printed := printedBy(func() { require.NoError(t, explain(f, c)) })
	printed = strings.ReplaceAll(printed, mailID.String(), "U")
	return regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`).ReplaceAllString(printed, "T")
}

func TestUserWhy_Mails(t *testing.T) {
	now := time.Now()
	at := nulls.NewTime(now)
	later := nulls.NewTime(now.Add(time.Hour))
	ada := &models.User{Email: "ada@example.com", CreatedAt: now.Add(-time.Hour), PasswordDigest: "x"}
	conf := config.Config{SMTP: &url.URL{}, SignupOpen: true}
	for want, c := range map[string]struct {
		user *models.User
		mail outbox.Mail
	}{
		"  T: “Set a new password” (mail_id U), delivered at T\n": {nil, // the account was deleted since
			outbox.Mail{Template: models.MailReset, Resolved: models.MailReset, DeliveredAt: at}},
		"  T: “Set a new password” (mail_id U), not delivered: there was no account\n": {ada, // the account was created since
			outbox.Mail{Template: models.MailReset, DeliveredAt: at}},
		"  T: “Choose your password” (mail_id U), delivered at T\n": {ada,
			outbox.Mail{Template: models.MailSignup, Resolved: models.MailSignup, DeliveredAt: at}},
		"  T: “Choose your password” (mail_id U), delivered at T as a notice that there is an account already\n": {nil,
			outbox.Mail{Template: models.MailSignup, Resolved: models.MailSignupTaken, DeliveredAt: at}},
		"  T: “Confirm your new email” (mail_id U), delivered at T as a notice that there is an account already\n": {ada,
			outbox.Mail{Template: models.MailEmailConfirm, Resolved: models.MailEmailTaken, DeliveredAt: at}},
		"  T: “New login to your account” (mail_id U), given up at T after 6 attempts, the last because: 550 no such user\n": {ada,
			outbox.Mail{Template: models.MailNewBrowser, GivenUpAt: at, Attempts: 6, LastError: "550 no such user"}},
		"  T: “A new password was set” (mail_id U), failed 2 times, the last because: connection refused; next attempt at T\n": {ada,
			outbox.Mail{Template: models.MailPasswordChanged, DueAt: later, Attempts: 2, LastError: "connection refused"}},
		"  T: “Your account was deleted” (mail_id U), queued\n": {nil, outbox.Mail{Template: models.MailAccountDeleted, DueAt: at}},
		"  T: “Confirm your new email” (mail_id U), queued, and overdue: is the app running?\n": {nil,
			outbox.Mail{Template: models.MailEmailConfirm, DueAt: nulls.NewTime(now.Add(-time.Hour))}},
	} {
		c.mail.ID, c.mail.CreatedAt = mailID, now
		require.Contains(t, explained(t, &models.Findings{Email: "ada@example.com", User: c.user, Mails: []outbox.Mail{c.mail}}, conf), want)
	}
	dropped := &models.Findings{Mails: []outbox.Mail{{Template: "second_step_not_passed", DeliveredAt: at}}}
	require.Contains(t, explained(t, dropped, conf), ", not delivered: only one a day is sent\n")
	require.Contains(t, explained(t, &models.Findings{LimitedMails: []string{models.MailReset}}, conf),
		"This email is rate limited for a mail (“Set a new password”): further requests are answered as usual, and no mail is queued.\n")
}

// Every limit, failure and link has a sentence.
func TestUserWhy_EveryFindingHasASentence(t *testing.T) {
	ada := &models.User{ID: uuid.Must(uuid.NewV7()), Email: "ada@example.com", Language: "de", CreatedAt: time.Now()}
	tokens := func(purposes ...string) (list []models.Token) {
		for _, purpose := range purposes {
			list = append(list, models.Token{Purpose: purpose, Email: "ada@example.org"})
		}
		return list
	}
	said := explained(t, &models.Findings{Email: "ada@example.com", User: ada, Attempts: 7,
		Limited:       &models.RateLimited{RetryAfter: 4 * time.Second},
		KnownBrowsers: []*models.RateLimited{nil, {RetryAfter: time.Second}, {Locked: true}},
		Failures:      []models.Activity{{Kind: models.ActivityPasswordFailed, IP: "192.0.2.0/24"}},
		Tokens:        tokens(models.PurposeSignup, models.PurposeReset, models.PurposeInvite, models.PurposeEmailConfirm, models.PurposeUndo, models.PurposeUndo, models.PurposeEnrol, "of your own"),
	}, config.Config{})
	for _, want := range []string{
		"Its pages and mails are in the language de.\n",
		"It has no password, so no login succeeds",
		"by unknown browsers: 7.\n",
		"It is rate limited until T, also for the right password.\n",
		"Browsers that have logged in to the account before: 3.",
		"  One of them is rate limited until T.\n",
		"  One of them is locked until the password is reset by mail.\n",
		"  T, an unknown browser, from 192.0.2.0/24: Wrong current password\n",
		"A link to set a new password works until T.\n",
		"A link of `task user:create` to set a password works until T.\n",
		"A link to set up a second step works until T.\n",
		"A link to confirm a change of email to ada@example.org works until T, for the account that requested it.\n",
		"A link for “of your own” works until T.\n",
		"Links to undo changes, mailed to ada@example.org: 2. The last one works until T.\n",
		"There is no session.\n",
		"Its user_id in the log is " + ada.ID.String() + ".\nIts email_digest in the log is ",
	} {
		require.Contains(t, said, want)
	}
	require.NotContains(t, said, "link to sign up", "the link opens nothing: there is an account")

	said = explained(t, &models.Findings{Email: "ada@example.org", Reserved: &models.Reservation{User: ada, ChangedAt: ada.CreatedAt},
		Tokens: tokens(models.PurposeUndo, models.PurposeReset, models.PurposeSignup),
		Mails:  []outbox.Mail{{ID: mailID, Template: models.MailSignup, Resolved: models.MailEmailReserved, DeliveredAt: nulls.NewTime(time.Now())}},
	}, config.Config{SignupOpen: true})
	require.Contains(t, said, "It is reserved until T: it was changed to ada@example.com at T. A mailed link can undo that for seven days.")
	require.Contains(t, said, "  T: “Choose your password” (mail_id U), delivered at T as a notice that the email is reserved\n")
	require.Contains(t, said, "No other mailed link works.\n")
	require.Contains(t, said, "The account that reserves it has the user_id "+ada.ID.String()+" in the log.\n")

	closed := &models.Findings{Tokens: tokens(models.PurposeSignup)}
	require.Contains(t, explained(t, closed, config.Config{SignupOpen: true}), "A link to sign up works until T.\n")
	require.Contains(t, explained(t, closed, config.Config{}), "No mailed link works.\n", "SIGNUP=closed")
}

func TestUserWhy_Factors(t *testing.T) {
	now := time.Now()
	at := nulls.NewTime(now)
	ada := &models.User{Email: "ada@example.com", SecondStep: true}
	f := &models.Findings{Email: "ada@example.com", User: ada,
		Factors: []models.Factor{
			{Kind: models.FactorPasskey, Name: "Phone", LastUsedAt: at}, {Kind: models.FactorTOTP}, {Kind: models.FactorCodes, LastUsedAt: at},
		},
		CodesLeft:    7,
		LimitedCodes: &models.RateLimited{RetryAfter: time.Minute},
		Skips:        []models.DeviceCookie{{IP: "192.0.2.1", SkipsUntil: at}},
		Waiting:      []factor.Waiting{{Kind: models.ActivityTOTPRemoved, DueAt: now}},
	}
	said := explained(t, f, config.Config{})
	for _, want := range []string{
		"It has no password: its passkeys log in.\n",
		"Its second step is on: ",
		"  passkey “Phone”, added T, last used T\n",
		"  TOTP, added T, never used\n",
		"  recovery codes, made T, last used T, 7 left\n",
		"`task user:reset-factors ada@example.com` removes them.\n",
		"TOTP codes are rate limited until T; passkeys and recovery codes are not.\n",
		"  The second step is skipped by an unknown browser, from 192.0.2.1, until T.\n",
		"  At T: Authenticator app removed. An undo or a task asked for it;",
	} {
		require.Contains(t, said, want)
	}
	f.KeyLost = true
	require.Contains(t, explained(t, f, config.Config{}), "  TOTP, added T, never used; its key cannot be opened: its SESSION_SECRET was removed\n")
	said = explained(t, &models.Findings{User: &models.User{}}, config.Config{})
	require.Contains(t, said, "Its second step is off: one factor logs in.\n")
	require.NotContains(t, said, "reset-factors")
	modelstest.Configure(t, func(c *config.Config) { c.SecondStepRequired = true })
	const required = "SECOND_FACTOR=required: its owner must first add a passkey or TOTP, by a mailed link.\n"
	require.Contains(t, explained(t, &models.Findings{User: &models.User{}}, config.Config{}), required)
	require.NotContains(t, explained(t, f, config.Config{}), required)
}

// After a rotation, earlier lines of the log have the digest under the older secret.
func TestUserWhy_DigestsUnderEachSecret(t *testing.T) {
	older := models.EmailDigest("ada@example.com")
	modelstest.Configure(t, func(c *config.Config) { c.SessionSecrets = append([]string{secret.New()}, c.SessionSecrets...) })
	newer := models.EmailDigest("ada@example.com")
	require.NotEqual(t, older, newer)
	require.Contains(t, explained(t, &models.Findings{Email: "ada@example.com"}, config.Config{}),
		"Its email_digest in the log is "+newer+"; with another SESSION_SECRET: "+older+".\n")
}
