package locales

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

func TestLanguages_EveryPageIsTranslated(t *testing.T) {
	for _, reader := range Readers(t) {
		t.Run(reader.Language, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, reader)
			s.guest()
			s.refusals()
			s.settings()
			s.secondStep()
			s.enrolment()
			s.providers()
			s.sessions()
			s.security()
			s.passkeys()
			s.codes()
			s.emailChange()
			s.deadLinks()
			s.developer()
			s.mails()
			s.errors()
			for _, path := range s.Paths() {
				require.True(t, s.seen[path] || withoutPage[path], "no page of %s is read", path)
			}
			require.Empty(t, slices.DeleteFunc(reader.Unseen(), shownElsewhere), "no page that was read shows these texts")
		})
	}
}

// withoutPage lists paths whose answers are not pages.
var withoutPage = map[string]bool{
	"/healthz": true, "/readyz": true, "/.well-known/change-password": true,
	"/.well-known/passkey-endpoints": true,
	"/signup/{token}":                true, "/password/reset/{token}": true, // redirects
	"/account/security/totp.svg": true,                                                                                                              // a picture
	"/auth/{provider}":           true, "/auth/{provider}/callback": true, "/sudo/{provider}": true, "/account/security/providers/{provider}": true, // redirects
}

// shownElsewhere reports whether another test reads the text of a key, or none can.
func shownElsewhere(key string) bool {
	return slices.Contains([]string{
		"language.name", "time.layout", // part of other texts, not shown as it is
		"password.guessable", // each password that was tried has a more specific reason
		// TestLanguages_ErrorPagesAreTranslated reads these.
		"error.too_many.title", "error.too_many.text", "error.unauthorized.title", "error.unauthorized.text", "error.other.title", "error.other.text",
		"error.proxy.title", "error.proxy.text",
		// These are in problem details (RFC 9457), or on pages under a HOST that allows no
		// passkeys. Tests of package actions read them.
		"passkey.refused", "passkey.unknown", "passkey.expired", "passkey.second_step_only",
		"passkey.off_ip", "passkey.off_name", "passkey.off_http",
		"not_me.waits",                                                            // about factors that an undo changes a day later: tests of package actions
		"recovery_codes.copy", "recovery_codes.copied", "recovery_codes.download", // shown by a script
		"rate_limit.hours",                   // in problem details, after a hundred changes in a day
		"account_security.changed_meanwhile", // TestSudo_FactorAddedMeanwhile
		"mail.by_operator",                   // TestCompose_SaysThatAnOperatorDeletedTheAccount
		"login.remember_hours",               // TestLogin_SaysHowLongItRemembers
	}, key)
}

func (s *story) guest() {
	b := s.browser()
	for _, path := range []string{"/welcome", "/login", "/signup", "/password/forgot", "/check-mail"} {
		s.read(b.Get(path), 200)
	}
	s.read(b.Get("/login?cookies=none"), 200)
	b.Get("/")
	s.read(b.Get("/login"), 200) // asks to log in first
	s.read(b.Post("/signup", "email", "nobody"), 422)
	b.Post("/signup", "email", "zoe@gmial.com")
	s.read(b.Get("/check-mail"), 200) // asks "Did you mean", and offers to send the mail again
	s.read(b.Get("/check-mail"), 200) // the same after a reload
	b.Get("/signup/" + s.Token("signup", "zoe@gmial.com"))
	s.read(b.Get("/signup/password"), 200)
	for _, refused := range []string{
		"short", strings.Repeat("long", 40), "a bell \a rings in here",
		"1234567890123456", "zoe@gmial.com123", "internationalization", "asdfghjklpoiuytr", "aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnop", "november21.11.1987",
	} {
		s.read(b.Post("/signup/password", "password", refused), 422)
	}
	b.Post("/signup/password", "password", site.Password)
	s.read(b.Get("/"), 200) // welcomes the new user
	s.read(b.Get("/account/activity"), 200)
	s.read(b.Get("/welcome"), 200)
	s.read(b.Get("/logout"), 200)
	b.LogOut()
	s.read(b.Get("/welcome"), 200) // says that the user was logged out

	b.Post("/password/forgot", "email", "zoe@gmial.com")
	s.read(b.Get("/check-mail"), 200)
	b.Get("/password/reset/" + s.Token("reset", "zoe@gmial.com"))
	s.read(b.Get("/password/reset"), 200)
	b.Put("/password/reset", "password", site.Password)
	s.read(b.Get("/login"), 200) // says that the password was saved
	s.read(b.Get("/signup/x"), 404)
}

// refusals reads pages after failed and rate-limited logins.
func (s *story) refusals() {
	b := s.browser()
	wrong := func() site.Answer { return b.Post("/login", "email", "eve@example.com", "password", "wrong") }
	for range 5 {
		s.read(wrong(), 422)
	}
	// The fifth failure began a wait of one second, which a slow test would miss.
	s.Execute("UPDATE rate_limits SET open_ms = ?", time.Now().Add(30*time.Second).UnixMilli())
	s.read(wrong(), 429) // says how many seconds to wait
	s.Execute("UPDATE rate_limits SET open_ms = ?", time.Now().Add(3*time.Minute).UnixMilli())
	s.read(wrong(), 429) // says how many minutes to wait
	s.Execute("UPDATE rate_limits SET attempts = 100")
	s.read(wrong(), 429) // says that only a reset unlocks the account
	s.ClearLimits()
}

func (s *story) settings() {
	s.browser().SignUp("ada@example.com")
	b := s.browser()
	b.LogIn("ada@example.com")
	s.read(b.Get("/"), 200) // says that the user was logged in
	b.Get("/login")
	s.read(b.Get("/"), 200) // says that the user is logged in already
	s.read(b.Get("/account"), 200)
	s.read(b.Put("/account/email", "email", "nobody"), 422)
	s.read(b.Put("/account/email", "email", "ada@example.com"), 422)
	s.read(b.Put("/account/password", "password", "short"), 422)
	s.confirmation(b)
	b.Put("/account/password", "password", "an entirely new set of words")
	s.read(b.Get("/account"), 200) // says that the password was changed
	b.Put("/account/language", "language", s.reader.Language)
	s.read(b.Get("/account"), 200) // says that the language was saved
	s.read(b.Get("/account/activity"), 200)
	b.Delete("/account")
	s.read(b.Get("/welcome"), 200) // says that the account was deleted
	s.browser().SignUp("dora@example.com")
	dora := s.browser()
	dora.LogIn("dora@example.com")
	b.Post("/not-me/"+s.Token("account_deleted", "ada@example.com"), "undone", "")
	link := "/password/reset/" + s.Token("reset", "ada@example.com")
	dora.Get(link)
	s.read(dora.Get("/password/reset"), 200) // says that the link is of another account
	dora.Put("/password/reset", "password", site.Password)
	s.read(dora.Get("/"), 200) // says that the password was saved
	b.LogIn("ada@example.com")
	s.read(b.Get("/account/activity"), 200)
}

// confirmation reads the messages of /sudo, until too many failures end the session.
func (s *story) confirmation(b *site.Browser) {
	s.Execute("UPDATE sessions SET confirmed_at = NULL")
	s.read(b.Get("/account"), 200) // links to /sudo
	b.Put("/account/email", "email", "ada@new.example")
	s.read(b.Get("/sudo"), 200)
	s.read(b.Post("/sudo", "password", "wrong"), 422)
	b.Post("/sudo", "password", site.Password)
	other := s.browser()
	other.LogIn("ada@example.com")
	// The session of other was confirmed last.
	s.Execute("UPDATE sessions SET failed_confirmations = 9 WHERE confirmed_at = (SELECT max(confirmed_at) FROM sessions)")
	other.Post("/sudo", "password", "wrong")
	s.read(other.Get("/login"), 200) // says that ten failures ended the session
}

func (s *story) secondStep() {
	s.browser().SignUp("cleo@example.com")
	b := s.browser()
	b.LogIn("cleo@example.com")
	b.TurnSecondStepOn("cleo@example.com")
	s.read(b.Get("/sudo"), 200)
	s.read(b.Post("/sudo", "code", "wrong"), 422)
	b.LogOut()
	b.LogIn("cleo@example.com")
	s.read(b.Get("/login/second"), 200)
	s.read(b.Post("/login/second", "code", "wrong"), 422)
	s.read(b.Post("/login/second", "link", "of another", "code", "wrong"), 422)
	b.Post("/password/forgot", "email", "cleo@example.com")
	b.Get("/password/reset/" + s.Token("reset", "cleo@example.com"))
	b.Get("/password/reset")
	s.read(b.Get("/login/second"), 200)                                       // asks for the second step of a reset
	s.Execute("UPDATE users SET credential_version = credential_version + 1") // ends second steps in progress
	b.Get("/login/second")
	s.read(b.Get("/login"), 200) // says that the second step has ended
	s.Execute("UPDATE users SET second_step = ?", false)
	b.LogIn("cleo@example.com")
	s.read(b.Get("/account/activity"), 200)
}

// enrolment reads the pages of a site that requires a second step.
func (s *story) enrolment() {
	requiring := &story{site.Open(s.t, "SECOND_FACTOR=required"), s.t, s.reader, s.seen}
	b := requiring.browser()
	b.SignUp("fay@example.com")
	b.LogIn("fay@example.com")
	b.Get("/")
	s.read(b.Get("/account/security"), 200) // says that a link was mailed
	link := "/account/security/enrol/" + requiring.Token("enrol", "fay@example.com")
	s.read(b.Get(link), 200, "/account/security/enrol/{token}")
	b.Post(link, "", "")
	s.read(b.Get("/account/security"), 200) // asks to set the second step up now
}

var sessionForm = regexp.MustCompile(`action="(/account/sessions/[^"]+)"`)

func (s *story) sessions() {
	s.browser().SignUp("bob@example.com")
	b, remembered, unknown := s.browser(), s.browser(), s.browser()
	unknown.Header.Set("User-Agent", "?")
	b.LogIn("bob@example.com")
	remembered.LogIn("bob@example.com", "remember", "true")
	unknown.LogIn("bob@example.com")
	page := b.Get("/account/sessions")
	s.read(page, 200)
	b.Post(sessionForm.FindStringSubmatch(page.Page)[1], "_method", "DELETE")
	s.read(b.Get("/account/sessions"), 200) // says that the session was ended
	for range 100 {
		s.Execute(`INSERT INTO sessions (id, user_id, token_digest, remembered, ip, last_seen_ip, user_agent, created_at, last_seen_at)
			SELECT ?, id, '', TRUE, '', '', '', ?, ? FROM users WHERE email = 'bob@example.com'`, uuid.Must(uuid.NewV7()).String(), time.Now().UTC(), time.Now().UTC())
	}
	s.read(b.Get("/account/sessions"), 200) // says that there are more sessions
	b.Post("/account/sessions", "_method", "DELETE")
	s.read(b.Get("/account/sessions"), 200) // says that the other sessions were ended
	remembered.Get("/account")
	s.read(remembered.Get("/login"), 200) // says that this session has ended
	b.LogOut()
	b.Post("/login", "email", "bob@example.com", "password", "wrong")
	b.LogIn("bob@example.com")
	for range 25 {
		s.Execute(`INSERT INTO activities (id, user_id, kind, ip, network, user_agent, created_at)
			SELECT ?, id, 'operator_ended', '', '', '', ? FROM users WHERE email = 'bob@example.com'`, uuid.Must(uuid.NewV7()).String(), time.Now().UTC())
	}
	page = b.Get("/account/activity")
	s.read(page, 200)
	_, older, _ := strings.Cut(page.Page, `href="/account/activity?`)
	older, _, _ = strings.Cut(older, `"`)
	s.read(b.Get("/account/activity?"+older), 200)
	s.read(b.Get("/account/activity?before=00000000-0000-7000-8000-000000000000"), 200) // says that there is no earlier activity
}

func (s *story) emailChange() {
	s.browser().SignUp("amy@example.com")
	b := s.browser()
	b.LogIn("amy@example.com")
	b.Put("/account/email", "email", "amy@new.example")
	s.read(b.Get("/account"), 200) // says that the change was requested
	confirm := "/account/email/confirm/" + s.Token("email_confirm", "amy@new.example")
	s.read(b.Get(confirm), 200, "/account/email/confirm/{token}")
	b.Post(confirm, "confirmed", "")
	s.read(b.Get("/account"), 200) // says that the email was changed
	undo := "/not-me/" + s.Token("email_changed", "amy@example.com")
	s.read(b.Get(undo), 200, "/not-me/{token}")
	b.Post(undo, "undone", "")
	s.read(b.Get("/login"), 200) // says that the change was undone
	b.Get("/password/reset/" + s.Token("reset", "amy@example.com"))
	b.Put("/password/reset", "password", site.Password)
	b.LogIn("amy@example.com")
	s.read(b.Get("/account/activity"), 200)
}

// deadLinks reads the reasons why mailed links, and the forms that they lead to, are
// refused.
func (s *story) deadLinks() {
	s.ClearLimits()
	b, amy := s.browser(), s.browser()
	amy.LogIn("amy@example.com")
	request := func() (link string) {
		b.Post("/password/forgot", "email", "bob@example.com")
		return "/password/reset/" + s.Token("reset", "bob@example.com")
	}
	s.read(b.Get("/signup/x"), 404)
	s.read(b.Get("/signup/password"), 404) // no link was opened
	link := request()
	s.Execute("UPDATE tokens SET expires_at = created_at")
	s.read(b.Get(link), 404) // the link has expired
	s.read(b.Get("/not-me/"+s.Token("password_changed", "amy@example.com")), 404)
	link = request()
	amy.Get(link)
	s.read(amy.Get("/password/reset"), 200) // names both accounts
	b.Get(link)
	s.read(b.Put("/password/reset", "username", "bob@example.com", "link", "of another", "password", site.Password), 422)
	b.Put("/password/reset", "password", site.Password)
	s.read(b.Get(link), 404) // the link was redeemed
	b.LogIn("bob@example.com")
	b.Put("/account/email", "email", "bob@new.example")
	s.read(amy.Get("/account/email/confirm/"+s.Token("email_confirm", "bob@new.example")), 404) // the link is of another account
}

// developer reads the pages that show mails in development.
func (s *story) developer() {
	b := s.browser()
	b.Post("/password/forgot", "email", "nobody@example.com")
	page := b.Get("/dev/mail")
	s.read(page, 200)
	for _, link := range strings.Split(page.Page, `href="/dev/mail/`)[1:] {
		id, _, _ := strings.Cut(link, `"`)
		s.read(b.Get("/dev/mail/"+id), 200, "/dev/mail/{id}")
	}
}

var (
	mailKey  = regexp.MustCompile(`^mail\.(\w+)\.subject$`)
	mailText = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)
	element  = regexp.MustCompile(`<[^>]*>`)
)

// mails reads each kind of mail, as text and HTML.
func (s *story) mails() {
	b, kinds := s.browser(), 0
	for key := range s.reader.texts {
		found := mailKey.FindStringSubmatch(key)
		if found == nil {
			continue
		}
		kinds++
		recipient := "carol@example.com" // has no account
		if found[1] == "reset" {
			recipient = "bob@example.com"
		}
		id := s.queue(found[1], recipient)
		shown := b.Get("/dev/mail/" + id)
		require.Equal(s.t, 200, shown.StatusCode)
		text := mailText.FindStringSubmatch(shown.Page)
		require.NotNil(s.t, text, shown.Page)
		page := b.Get("/dev/mail/" + id + "?html").Page
		// The language is in the html element, and in the body for mail programs that
		// show only the body.
		direction := map[bool]string{true: "rtl", false: "ltr"}[s.reader.Language == "ar"]
		require.Equal(s.t, 2, strings.Count(page, ` lang="`+s.reader.Language+`" dir="`+direction+`"`))
		require.Empty(s.t, append(s.reader.LooseEmails(s.t, shown.Page), s.reader.LooseEmails(s.t, page)...), found[1])
		untranslated := append(s.reader.UntranslatedOf(s.t, shown.Page), s.reader.UntranslatedOf(s.t, page)...)
		for line := range strings.Lines(html.UnescapeString(element.ReplaceAllString(text[1], ""))) {
			untranslated = append(untranslated, s.reader.Untranslated(line)...)
		}
		require.Empty(s.t, untranslated, "%s has texts that are not in the file of %s", found[1], s.reader.Language)
	}
	require.GreaterOrEqual(s.t, kinds, 10)
}

// errors causes each error. The last ones break the app.
func (s *story) errors() {
	s.browser().SignUp("eva@example.com")
	b := s.browser()
	b.LogIn("eva@example.com")
	for status, a := range map[int]site.Answer{
		400: b.Send("POST", "/login", "email=%zz"),
		403: b.Send("POST", "/login", "email=eva", "Sec-Fetch-Site", "cross-site"),
		404: b.Get("/nothing"),
		405: b.Send("PATCH", "/welcome", ""),
		413: s.browser().Send("POST", "/login", "email="+strings.Repeat("a", 2<<20)),
		421: b.Send("GET", "/welcome", "", "Host", "other.example"),
		422: b.Put("/language", "language", "tlh"),
	} {
		s.read(a, status)
	}
	s.Execute("ALTER TABLE activities RENAME TO gone")
	s.read(b.Get("/account/activity"), 500)
	conn, err := s.DB.Conn(s.t.Context())
	require.NoError(s.t, err)
	defer conn.Close()
	_, err = conn.ExecContext(s.t.Context(), "BEGIN IMMEDIATE") // the app can no longer write
	require.NoError(s.t, err)
	s.read(s.browser().LogIn("eva@example.com"), http.StatusServiceUnavailable)
	b.LogOut()
	s.read(b.Get("/welcome"), 200) // says that the session could not be ended
}
