package grifts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"corral/config"
	"corral/internal/database"
	"corral/internal/email"
	"corral/internal/i18n"
	"corral/internal/useragent"
	"corral/locales"
	"corral/migrations"
	"corral/models"
)

// why changes nothing: it creates no file and does not migrate.
func why(args []string) error {
	normalized, ok := email.Normalize(args[0])
	if !ok {
		return notAnEmail(args[0])
	}
	return withExisting(func(c config.Config) error {
		if err := database.CheckSchema(context.Background(), models.DB, migrations.Files); err != nil {
			return fmt.Errorf("%w; run `task db:migrate` first", err)
		}
		f, err := models.Explain(context.Background(), normalized)
		if err == nil {
			explain(f, c)
			say("Its email_digest in the log is %s.", models.EmailDigest(normalized))
		}
		return err
	})
}

func explain(f *models.Findings, c config.Config) {
	if f.User == nil {
		sayNoAccount(f, c)
	} else {
		sayAccount(f)
		sayFactors(f)
	}
	sayLimits(f)
	sayLinks(f)
	sayMails(f, c)
	if f.User != nil {
		sayFailures(f)
		saySessions(f)
	}
}

func sayNoAccount(f *models.Findings, c config.Config) {
	say("%s has no account.", f.Email)
	if reserved := f.Reserved(); reserved != nil {
		say("It is reserved until %s: its account was deleted or changed to another email, and a mailed link can undo that until then. No other account can have the email.",
			moment(reserved.ExpiresAt))
	}
	if len(f.Similar) > 0 {
		var emails []string
		for _, user := range f.Similar {
			emails = append(emails, user.Email)
		}
		say("Was it mistyped? These have an account: %s.", strings.Join(emails, ", "))
	}
	if !c.SignupOpen {
		say("Sign-up is closed: create an account with `task user:create %s`.", f.Email)
	}
}

func sayAccount(f *models.Findings) {
	say("%s has an account, created at %s.", f.Email, moment(f.User.CreatedAt))
	if f.User.Language != "" {
		say("Its pages and mails are in the language %s.", f.User.Language)
	}
	switch {
	case f.User.PasswordDigest != "":
		say("It has a password.")
	case slices.ContainsFunc(f.Factors, func(factor models.Factor) bool { return factor.Kind == models.FactorPasskey }):
		say("It has no password: its passkeys log in.")
	default:
		say("It has no password, so no login succeeds: its owner was invited and never set one, or undid a change. A mailed link sets one (/password/forgot).")
	}
}

func sayLimits(f *models.Findings) {
	if f.Attempts == 0 {
		say("No failed attempts in a row are counted for the email.")
	} else {
		say("Failed attempts in a row with this email, by unknown browsers: %d.", f.Attempts)
	}
	switch l := f.Limited; {
	case l == nil:
		say("It is not rate limited. (But a client with ten failures in three minutes has to wait, with any email.)")
	case l.Locked:
		say("It is locked for unknown browsers: waiting does not unlock it. A browser that resets the password by mail becomes a known one.")
	default:
		say("It is rate limited until %s, also for the right password.", moment(models.Clock.Now().Add(l.RetryAfter)))
	}
	if f.User == nil {
		return
	}
	say("Browsers that have logged in to the account before: %d. Each has a rate limit of its own.", len(f.KnownBrowsers))
	for _, l := range f.KnownBrowsers {
		if l != nil && l.Locked {
			say("  One of them is locked until the password is reset by mail.")
		} else if l != nil {
			say("  One of them is rate limited until %s.", moment(models.Clock.Now().Add(l.RetryAfter)))
		}
	}
}

func sayFailures(f *models.Findings) {
	if len(f.Failures) == 0 {
		say("There was no failed attempt in the last 90 days.")
		return
	}
	say("The last failed attempts:")
	for _, a := range f.Failures {
		say("  %s, %s, from %s: %s", moment(a.CreatedAt), useragent.Describe(a.UserAgent), a.IP, text("activity."+a.Kind))
	}
}

func sayLinks(f *models.Findings) {
	texts := map[string]string{
		models.PurposeEmailConfirm: "A link to confirm a change of email to EMAIL works until MOMENT, for the account that requested it.",
	}
	if f.User == nil {
		texts[models.PurposeSignup] = "A link to sign up works until MOMENT."
	} else {
		texts[models.PurposeInvite] = "A link of `task user:create` to set a password works until MOMENT."
		texts[models.PurposeReset] = "A link to set a new password works until MOMENT."
		texts[models.PurposeEnrol] = "A link to set up a second step works until MOMENT."
	}
	works := sayUndoLinks(f)
	for _, token := range f.Tokens {
		if text, ok := texts[token.Purpose]; ok { // others have no effect here
			works = true
			say("%s", strings.NewReplacer("EMAIL", token.Email, "MOMENT", moment(token.ExpiresAt)).Replace(text))
		}
	}
	if !works {
		say("No mailed link works.")
	}
}

func saySessions(f *models.Findings) {
	if len(f.Sessions) == 0 {
		say("There is no session.")
		return
	}
	say("Sessions:")
	for _, s := range f.Sessions {
		say("  %s, from %s, logged in %s, last seen %s", useragent.Describe(s.UserAgent), s.IP, moment(s.CreatedAt), moment(s.LastSeenAt))
	}
}

// text returns a text of the pages and mails.
func text(key string) string { return i18n.MustLoad(locales.FS).In(i18n.DefaultLanguage)(key) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
