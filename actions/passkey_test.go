package actions

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/passkey/passkeytest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

const origin = "http://localhost:3000" // HOST of the tests

// options requests the options of a passkey route.
func (b *browser) options(path string) []byte {
	b.site.t.Helper()
	a := b.PostJSON(path+"/options", "{}")
	require.Equal(b.site.t, 200, a.StatusCode, a.Page)
	require.Equal(b.site.t, "application/json", a.Header.Get("Content-Type"))
	require.Empty(b.site.t, a.Cookies())
	return []byte(a.Page)
}

// answers posts the answer of an authenticator, with further fields.
func (b *browser) answers(path string, answer passkeytest.Answer, more ...map[string]any) apptest.Response {
	b.site.t.Helper()
	return b.answersBy("POST", path, answer, more...)
}

func (b *browser) answersBy(method, path string, answer passkeytest.Answer, more ...map[string]any) apptest.Response {
	b.site.t.Helper()
	fields := map[string]any{"state": answer.State, "credential": answer.Credential}
	for _, m := range more {
		maps.Copy(fields, m)
	}
	body, err := json.Marshal(fields)
	require.NoError(b.site.t, err)
	return b.SendJSON(method, path, string(body))
}

// usesPasskey answers with the newest passkey of the authenticator.
func (b *browser) usesPasskey(path string, a *passkeytest.Authenticator, more ...map[string]any) apptest.Response {
	b.site.t.Helper()
	return b.answers(path, a.Get(b.site.t, b.options(path)), more...)
}

const passkeysPath = "/account/security/passkeys"

// addsPasskey adds a passkey and returns its id.
func (b *browser) addsPasskey(a *passkeytest.Authenticator, more ...map[string]any) (id string) {
	b.site.t.Helper()
	answer := b.answers(passkeysPath, a.Create(b.site.t, b.options(passkeysPath)), more...)
	requireLocation(b.site.t, answer, 201, "/account/security")
	return newestFactor(b.site.t).ID.String()
}

func newestFactor(t testing.TB) (f models.Factor) {
	t.Helper()
	require.NoError(t, models.DB.Order("id DESC").First(&f))
	return f
}

func requireLocation(t testing.TB, a apptest.Response, status int, location string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.Page)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.JSONEq(t, `{"location": "`+location+`"}`, a.Page)
}

func requireProblem(t testing.TB, a apptest.Response, status int, detail string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.Page)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	var problem struct{ Detail string }
	require.NoError(t, json.Unmarshal([]byte(a.Page), &problem))
	require.Equal(t, detail, problem.Detail)
}

// withPasskey signs up an account that has a passkey.
func (s *site) withPasskey(email string) (*browser, *passkeytest.Authenticator) {
	s.t.Helper()
	modelstest.SignUp(s.t, email)
	b, a := s.loggedIn(email, firefox), passkeytest.New(origin)
	b.addsPasskey(a)
	return b, a
}

func TestPasskey_LogsIn(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskey("ada@example.com")
	b := s.browser()
	answer := b.usesPasskey("/login/passkey", a)
	requireLocation(t, answer, 200, "/")
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(b.Get("/").Page))
	b.requireLoggedInAs("ada@example.com")
	require.NotEmpty(t, b.Cookie("corral-device"))
	require.Zero(t, cookieNamed(t, answer, sessionCookieName).MaxAge)
	require.Contains(t, b.Get("/account").Page, `action="/account/email"`, "the login confirms, too")

	b = s.browser()
	answer = b.usesPasskey("/login/passkey", a, map[string]any{"remember": true, "next": "/account/sessions?a=b"})
	requireLocation(t, answer, 200, "/account/sessions?a=b")
	require.Positive(t, cookieNamed(t, answer, sessionCookieName).MaxAge)
	for _, elsewhere := range []string{"//evil.example", "https://evil.example", "/login", "javascript:alert(1)"} {
		requireLocation(t, s.browser().usesPasskey("/login/passkey", a, map[string]any{"next": elsewhere}), 200, "/")
	}
}

// A login as another user ends the session that the browser had.
func TestPasskey_LogsInWhileAnotherUserIsLoggedIn(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskey("ada@example.com")
	modelstest.SignUp(t, "bob@example.com")
	b := s.loggedIn("bob@example.com", firefox)
	copied := s.browser()
	copied.SetCookie(sessionCookieName, b.sessionCookie())
	requireLocation(t, b.usesPasskey("/login/passkey", a), 200, "/")
	b.requireLoggedInAs("ada@example.com")
	require.Equal(t, "/login", copied.Get("/").LocationPath())
}

// The options are the same for all clients. A request for options sets no cookie and stores
// no row.
func TestPasskey_LoginOptions(t *testing.T) {
	s := newSite(t)
	ada, _ := s.withPasskey("ada@example.com")
	before, kept := rows(t), count(t, "used_challenges")+count(t, "rate_limits")+count(t, "activities")
	for _, b := range []*browser{s.browser(), ada} {
		var options struct {
			PublicKey map[string]any
			State     string
		}
		require.NoError(t, json.Unmarshal(b.options("/login/passkey"), &options))
		require.NotEmpty(t, options.State)
		delete(options.PublicKey, "challenge")
		require.Equal(t, map[string]any{"rpId": "localhost", "timeout": 300_000., "userVerification": "required"}, options.PublicKey)
	}
	require.Equal(t, before, rows(t))
	for range 30 { // requests for options have no rate limit
		s.browser().options("/login/passkey")
	}
	require.Equal(t, kept, count(t, "used_challenges")+count(t, "rate_limits")+count(t, "activities"))
}

// hostileAnswers change an authenticator so that every route must refuse its answers.
var hostileAnswers = map[string]func(*passkeytest.Authenticator){
	"another origin":    func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" },
	"another port":      func(a *passkeytest.Authenticator) { a.Origin = "http://localhost:3001" },
	"another RP":        func(a *passkeytest.Authenticator) { a.RPID = "evil.example" },
	"user not verified": func(a *passkeytest.Authenticator) { a.NotVerified = true },
	"user not present":  func(a *passkeytest.Authenticator) { a.NotPresent = true },
	"in a frame":        func(a *passkeytest.Authenticator) { a.CrossOrigin = true },
}

func TestPasskey_HostileAnswers(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskey("ada@example.com")
	_, bobs := s.withPasskey("bob@example.com")
	for name, change := range hostileAnswers {
		t.Log(name)
		hostile := *a
		change(&hostile)
		requireProblem(t, s.browser().usesPasskey("/login/passkey", &hostile), 422, "That passkey was not accepted.")
		requireProblem(t, ada.usesPasskey("/sudo/passkey", &hostile), 422, "That passkey was not accepted.")
		empty := passkeytest.New(origin)
		change(empty)
		requireProblem(t, ada.answers(passkeysPath, empty.Create(t, ada.options(passkeysPath))), 422, "That passkey was not accepted.")
		models.Clock.Move(3 * time.Minute) // past the rate limit
		ada.confirm(modelstest.Password)
	}
	sudo, login := ada.options("/sudo/passkey"), ada.options("/login/passkey")
	requireProblem(t, ada.answers("/login/passkey", a.Get(t, sudo)), 422, "That passkey was not accepted.")
	requireProblem(t, ada.answers("/sudo/passkey", a.Get(t, login)), 422, "That passkey was not accepted.")
	// The options ask for Ada's passkey. Bob's authenticator ignores that.
	theirs := strings.Replace(string(sudo), "allowCredentials", "ignored", 1)
	requireProblem(t, ada.answers("/sudo/passkey", bobs.Get(t, []byte(theirs))), 422, "That passkey was not accepted.")
}

// Prevents replays, on all nodes.
func TestPasskey_AnswerWorksOnce(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskey("ada@example.com")
	created := passkeytest.New(origin).Create(t, ada.options(passkeysPath))
	require.Equal(t, 201, ada.answers(passkeysPath, created).StatusCode)
	requireProblem(t, ada.answers(passkeysPath, created), 409, "That took too long. Please try again.")
	other := restart(t) // another node
	answer := a.Get(t, s.browser().options("/login/passkey"))
	requireLocation(t, other.browser().answers("/login/passkey", answer), 200, "/")
	for _, node := range []*site{s, other} {
		requireProblem(t, node.browser().answers("/login/passkey", answer), 409, "That took too long. Please try again.")
	}
	late := a.Get(t, s.browser().options("/login/passkey"))
	models.Clock.Move(5 * time.Minute) // the challenge expires
	requireProblem(t, s.browser().answers("/login/passkey", late), 409, "That took too long. Please try again.")
}

// Every route answers with 409 to a challenge that is too old, and to one that was used.
func TestPasskey_EveryRouteRefusesOldChallenges(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	ada, a := s.withPasskeyAsSecondStep("ada@example.com")
	const late = "That took too long. Please try again."
	ada.logOut()
	requireLocation(t, ada.usesPasskey("/login/passkey", a), 200, "/")
	sudo, added := a.Get(t, ada.options("/sudo/passkey")), passkeytest.New(origin).Create(t, ada.options(passkeysPath))
	links := a.Get(t, ada.options("/account/security/links/x"))
	ada.logIn("ada@example.com")
	second := a.Get(t, ada.options("/login/second/passkey"))
	models.Clock.Move(4 * time.Minute)
	ada.logIn("ada@example.com") // the previous login would expire together with the challenge
	models.Clock.Move(time.Minute)
	requireProblem(t, ada.answers("/login/second/passkey", second), 409, late)
	requireProblem(t, ada.answersBy("DELETE", "/account/security/links/x", links), 409, late)
	requireProblem(t, ada.answers(passkeysPath, added), 409, late)
	requireProblem(t, ada.answers("/sudo/passkey", sudo), 409, late)

	sudo, added = a.Get(t, ada.options("/sudo/passkey")), passkeytest.New(origin).Create(t, ada.options(passkeysPath))
	requireLocation(t, ada.answers("/sudo/passkey", sudo), 200, "/account")
	requireLocation(t, ada.answers(passkeysPath, added), 201, "/account/security")
	requireProblem(t, ada.answers("/sudo/passkey", sudo), 409, late)
	requireProblem(t, ada.answers(passkeysPath, added), 409, late)
}

func TestPasskey_TwoTabs(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskey("ada@example.com")
	b := s.browser()
	first, second := b.options("/login/passkey"), b.options("/login/passkey")
	requireLocation(t, b.answers("/login/passkey", a.Get(t, first)), 200, "/")
	requireLocation(t, b.answers("/login/passkey", a.Get(t, second)), 200, "/")
	require.Equal(t, 200, b.Get("/").StatusCode)
}

// A browser removes a passkey that the app calls unknown. So the app does that only if no row
// has the passkey: an undo may restore a deleted account.
func TestPasskey_BrowsersForgetOnlyUnknownPasskeys(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskey("ada@example.com")
	_, stranger := s.withPasskey("eve@example.com")
	require.NoError(t, models.DB.RawQuery("DELETE FROM users WHERE email = ?", "eve@example.com").Exec())
	unknown := s.browser().usesPasskey("/login/passkey", stranger)
	requireProblem(t, unknown, 404, "This site does not know that passkey. Log in another way.")
	require.Contains(t, unknown.Page, `"forget":true`)

	id := newestPasskeyOf(t, "ada@example.com")
	require.Equal(t, "/account/security", ada.Delete(passkeysPath+"/"+id, nil).Location())
	removed := s.browser().usesPasskey("/login/passkey", a)
	requireProblem(t, removed, 422, "That passkey was not accepted.")
	require.NotContains(t, removed.Page, "forget")

	modelstest.Empty(t)
	_, a = s.withPasskey("ada@example.com")
	user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.NoError(t, user.Delete(t.Context(), models.Client{}))
	deleted := s.browser().usesPasskey("/login/passkey", a)
	requireProblem(t, deleted, 404, "This site does not know that passkey. Log in another way.")
	require.NotContains(t, deleted.Page, "forget")
}

func newestPasskeyOf(t testing.TB, email string) string {
	t.Helper()
	user, err := models.FindUserByEmail(t.Context(), email)
	require.NoError(t, err)
	used, _, err := models.PasskeysOf(t.Context(), user)
	require.NoError(t, err)
	return used[len(used)-1].ID.String()
}

func TestPasskey_RateLimit(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	_, a := s.withPasskey("ada@example.com")
	stranger := s.browser()
	for range 10 {
		require.Equal(t, 422, stranger.PostJSON("/login/passkey", "{}").StatusCode)
	}
	limited := stranger.usesPasskey("/login/passkey", a)
	requireProblem(t, limited, 429, "Too many attempts. Please wait 3 minutes, then try again.")
	require.Equal(t, "180", limited.Header.Get("Retry-After"))
	known := s.browser()
	models.Clock.Move(3 * time.Minute) // the rate limit ends
	requireLocation(t, known.usesPasskey("/login/passkey", a), 200, "/")
	for range 10 {
		require.Equal(t, 422, stranger.PostJSON("/login/passkey", "{}").StatusCode)
	}
	known.logOut()
	requireLocation(t, known.usesPasskey("/login/passkey", a), 200, "/")

	for range 10 { // a registration counts, too
		require.Equal(t, 422, known.PostJSON(passkeysPath, "{}").StatusCode)
	}
	requireProblem(t, known.PostJSON(passkeysPath, "{}"), 429, "Too many attempts. Please wait 3 minutes, then try again.")
}

var passkeyRoutes = []string{
	"/login/passkey", "/login/passkey/options", "/sudo/passkey", "/sudo/passkey/options", passkeysPath, passkeysPath + "/options",
	"/account/security/links/x/options", "/login/second/passkey", "/login/second/passkey/options",
}

func TestPasskey_AnswersJSON(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskeyAsSecondStep("ada@example.com")
	ada.logOut()
	requireLocation(t, ada.usesPasskey("/login/passkey", a), 200, "/")
	ada.logIn("ada@example.com") // another login, which waits for its second step
	for _, path := range passkeyRoutes {
		requireProblem(t, ada.Post(path, url.Values{"state": {"x"}}), 415, "")
		requireProblem(t, ada.PostJSON(path, `{"state": "`+strings.Repeat("x", 2<<20)+`"}`), 413, "")
		for _, unreadable := range []string{"", "{", "[]", `"x"`, `{"state": 1}`, strings.Repeat("[", 60_000)} {
			if !strings.HasSuffix(path, "/options") || !strings.Contains(unreadable, "state") {
				requireProblem(t, ada.PostJSON(path, unreadable), 422, "")
			}
		}
		if strings.HasSuffix(path, "/options") {
			continue
		}
		for _, body := range []string{"null", "{}", `{"credential": {}}`, `{"state": "", "credential": null}`, `{"state": "x", "credential": {"id": "x"}}`} {
			requireProblem(t, ada.PostJSON(path, body), 422, "That passkey was not accepted.")
		}
		models.Clock.Move(3 * time.Minute) // past the rate limit
		requireLocation(t, ada.usesPasskey("/sudo/passkey", a), 200, "/account")
		ada.logIn("ada@example.com")
	}
	anonymous := s.browser()
	for _, path := range passkeyRoutes[2:] {
		a := anonymous.PostJSON(path, "{}")
		require.Equal(t, 401, a.StatusCode, path)
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		require.Empty(t, a.Cookies())
	}
}

// Another change comes between the guard and the change. The session goes on.
func TestPasskey_AccountChangedMeanwhile(t *testing.T) {
	s := newSite(t)
	b, _ := s.withPasskey("ada@example.com")
	app.Use(func(next buffalo.Handler) buffalo.Handler {
		return func(c buffalo.Context) error {
			if web.TrimSlash(c.Request().URL.Path) == passkeysPath {
				changeCredentials(t)
			}
			return next(c)
		}
	})
	options := b.options(passkeysPath)
	requireProblem(t, b.answers(passkeysPath, passkeytest.New(origin).Create(t, options)), 409, "That was not done: your account was changed meanwhile. Please try again.")
}

// withPasskeyAsSecondStep is withPasskey with the second step turned on.
func (s *site) withPasskeyAsSecondStep(email string) (*browser, *passkeytest.Authenticator) {
	s.t.Helper()
	b, a := s.withPasskey(email)
	user, err := models.FindUserByEmail(s.t.Context(), email)
	require.NoError(s.t, err)
	_, err = user.TurnSecondStep(s.t.Context(), true, models.Client{})
	require.NoError(s.t, err)
	return b, a
}

// An undo has made the password void: the page must not ask for it alone.
func TestPasskey_DueForRemoval(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskeyAsSecondStep("ada@example.com")
	require.NoError(t, models.Undo(t.Context(), modelstest.Link(t, "ada@example.com", models.MailPasskeyAdded), models.Client{}))
	answer := s.browser().usesPasskey("/login/passkey", a)
	require.Equal(t, 422, answer.StatusCode)
	require.Contains(t, answer.Page, "Log in with your password, or follow “Forgot your password?”: as the second step, this passkey still works.")
}

// Another tab began a login since.
func TestPasskey_SecondStepGoesToThePageOfItsTab(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskeyAsSecondStep("ada@example.com")
	b := s.browser()
	b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "next": {"/account/activity"}})
	requireLocation(t, b.usesPasskey("/login/second/passkey", a, map[string]any{"next": "/account/sessions"}), 200, "/account/sessions")
}

func TestPasskey_PassesTheSecondStep(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskeyAsSecondStep("ada@example.com")
	_, bobs := s.withPasskeyAsSecondStep("bob@example.com")
	b := s.browser()
	login := url.Values{"email": {"ada@example.com"}, "password": {modelstest.Password}, "remember": {"true"}, "next": {"/account/sessions"}}
	require.Equal(t, "/login/second", b.Post("/login", login).Location())
	require.Contains(t, b.Get("/login/second").Page, `data-passkey="/login/second/passkey"`)
	options := b.options("/login/second/passkey")
	require.Contains(t, string(options), "allowCredentials")
	theirs := strings.Replace(string(options), "allowCredentials", "ignored", 1) // lets bob's passkey answer
	requireProblem(t, b.answers("/login/second/passkey", bobs.Get(t, []byte(theirs))), 422, "That passkey was not accepted.")
	requireProblem(t, b.answers("/login/second/passkey", a.Get(t, b.options("/login/passkey"))), 422, "That passkey was not accepted.")
	b.requireLoggedOut()
	answer := b.answers("/login/second/passkey", a.Get(t, options))
	requireLocation(t, answer, 200, "/account/sessions")
	require.Positive(t, cookieNamed(t, answer, sessionCookieName).MaxAge)
	b.requireLoggedIn("ada@example.com")
	require.Equal(t, 401, b.PostJSON("/login/second/passkey/options", "{}").StatusCode, "the second step is over")

	b = s.browser()
	require.Equal(t, 401, b.PostJSON("/login/second/passkey/options", "{}").StatusCode)
	require.Equal(t, 401, b.PostJSON("/login/second/passkey", "{}").StatusCode)
	b.logIn("ada@example.com")
	options = b.options("/login/second/passkey")
	user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.NoError(t, user.SetPassword(t.Context(), newPassword))
	require.Equal(t, 401, b.answers("/login/second/passkey", a.Get(t, options)).StatusCode, "a changed password ends the login")
}

// As for codes: see TestLoginSecond_FormOfAnotherLoginIsRefused.
func TestPasskey_PageOfAnotherLoginIsRefused(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskeyAsSecondStep("ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	page := map[string]any{"link": b.secondStepDigest()}
	b.openReset("ada@example.com")
	b.Get("/password/reset") // asks for the second step of the reset
	before := rows(t)
	requireProblem(t, b.usesPasskey("/login/second/passkey", a, page), 422,
		"Since this form was shown, a link was opened in this browser, or somebody logged in or out. Log in again, or open the link in your email again.")
	require.Equal(t, before, rows(t))
	b.logIn("ada@example.com")
	requireLocation(t, b.usesPasskey("/login/second/passkey", a, page), 200, "/")
}

func TestPasskey_PassesTheSecondStepOfAReset(t *testing.T) {
	s := newSite(t)
	_, a := s.withPasskeyAsSecondStep("ada@example.com")
	b := s.browser()
	b.forgot("ada@example.com")
	require.Equal(t, "/password/reset", b.Get("/password/reset/"+modelstest.Link(t, "ada@example.com", models.MailReset)).Location())
	require.Equal(t, "/login/second", b.Get("/password/reset").Location())
	requireLocation(t, b.usesPasskey("/login/second/passkey", a), 200, "/password/reset")
	b.requireLoggedOut()
	require.Equal(t, "/login", b.Put("/password/reset", url.Values{"password": {newPassword}}).Location())
	b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {newPassword}})
	requireLocation(t, b.usesPasskey("/login/second/passkey", a, map[string]any{"skip": true}), 200, "/")
	b.logOut()
	require.Equal(t, "/", b.Post("/login", url.Values{"email": {"ada@example.com"}, "password": {newPassword}}).Location(), "skipped")
}

func TestPasskey_Confirms(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	ada, a := s.withPasskey("ada@example.com")
	models.Clock.Move(10 * time.Minute) // the confirmation expires
	require.Equal(t, "/sudo", ada.Put("/account/email", url.Values{"email": {"ada@new.example"}}).LocationPath())
	require.Contains(t, ada.Get("/sudo").Page, `data-passkey="/sudo/passkey"`)
	copied := s.browser()
	copied.SetCookie(sessionCookieName, ada.sessionCookie())
	requireLocation(t, ada.usesPasskey("/sudo/passkey", a, map[string]any{"next": "/account/sessions"}), 200, "/account/sessions")
	require.Equal(t, "/account", ada.Put("/account/email", url.Values{"email": {"ada@new.example"}}).Location())
	require.Equal(t, "/login", copied.Get("/account").LocationPath(), "the token is new")
	requireLocation(t, ada.usesPasskey("/sudo/passkey", a, map[string]any{"next": "//evil.example"}), 200, "/account")
}

// Ten failed confirmations end the session.
func TestPasskey_FailedConfirmationsEndTheSession(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskey("ada@example.com")
	hostile := *a
	hostile.NotVerified = true
	for range 9 {
		requireProblem(t, ada.usesPasskey("/sudo/passkey", &hostile), 422, "That passkey was not accepted.")
	}
	require.Equal(t, 401, ada.usesPasskey("/sudo/passkey", &hostile).StatusCode)
	require.Equal(t, "/login", ada.Get("/account").LocationPath())
}

var passkeyEndingLinks = regexp.MustCompile(`data-passkey="(/account/security/links/[^"]+)" data-method="DELETE"`)

// Only a passkey that is older than a week ends the links of a former mailbox.
func TestPasskey_EndsLinks(t *testing.T) {
	log := captureLog(t)
	s := newSite(t)
	models.Clock.Stop()
	_, old := s.withPasskey("ada@example.com")
	models.Clock.Move(models.Lifetimes[models.PurposeUndo] + time.Second)
	b, young := s.browser(), passkeytest.New(origin)
	requireLocation(t, b.usesPasskey("/login/passkey", old), 200, "/")
	b.addsPasskey(young)
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	page := b.Get("/account/security").Page
	require.Contains(t, page, `Use a passkey<span class="visually-hidden"> (ada@example.com)</span></button>`)
	for _, missing := range []string{"This browser cannot use passkeys.", "Passkeys need JavaScript"} {
		require.Equal(t, 1, strings.Count(page, missing), "not again at each link")
	}
	require.NotContains(t, page, `name="code"`, "the account has no TOTP")
	found := passkeyEndingLinks.FindStringSubmatch(page)
	require.NotNil(t, found)
	path := found[1]
	end := func(a *passkeytest.Authenticator, options string) apptest.Response {
		return b.answersBy("DELETE", path, a.Get(t, b.options(options)))
	}
	requireProblem(t, end(young, path), 422, "That takes a passkey or an authenticator app that you have had for more than 7 days, and since before our emails to that address. Until the links end, that mailbox can take this account back.")
	requireProblem(t, end(old, "/sudo/passkey"), 422, "That passkey was not accepted.")
	requireProblem(t, end(old, "/account/security/links/x"), 422, "That passkey was not accepted.")
	requireLocation(t, b.answersBy("DELETE", "/account/security/links/x", old.Get(t, b.options("/account/security/links/x"))), 200, "/account/security")
	require.Empty(t, apptest.Flashes(b.Get("/account/security").Page), "there are no links to end")
	require.Regexp(t, passkeyEndingLinks, b.Get("/account/security").Page, "these links have not ended")
	requireLocation(t, end(old, path), 200, "/account/security")
	require.Contains(t, log.String(), `event="links ended"`)
	require.NotContains(t, b.Get("/account/security").Page, "links-heading")
}

func TestPasskeyEndpoints(t *testing.T) {
	b := newSite(t).browser()
	a := b.Get("/.well-known/passkey-endpoints")
	require.Equal(t, a.Page, b.Get("/.well-known/passkey-endpoints?callback=steal").Page)
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.JSONEq(t, `{"enroll": "`+origin+`/account/security", "manage": "`+origin+`/account/security"}`, a.Page)
}

// Browsers refuse passkeys under some HOSTs. The page says why.
func TestPasskey_Off(t *testing.T) {
	for host, why := range map[string]string{
		"http://127.0.0.1:3000":   "the address of this site is an IP address",
		"https://intranet":        "browsers do not accept the name of this site",
		"http://shop.example.com": "browsers need https",
	} {
		atHost := func(c *config.Config) { c.Host, _ = url.Parse(host) }
		modelstest.Configure(t, atHost)
		s := newSite(t, atHost)
		modelstest.SignUp(t, "ada@example.com")
		s.Client().Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			u, _ := url.Parse(host)
			r.Host = u.Host
			return http.DefaultTransport.RoundTrip(r)
		})
		require.Equal(t, 404, s.browser().PostJSON("/login/passkey/options", "{}").StatusCode)
		page := s.browser().Get("/login").Page
		require.NotContains(t, page, "passkey")
		require.Contains(t, page, `autocomplete="username"`)
		page = s.loggedIn("ada@example.com", firefox).Get("/account/security").Page
		require.Contains(t, page, why)
		require.NotContains(t, page, "passkeys.js")
	}
}

func TestAccountSecurityPasskeys(t *testing.T) {
	s := newSite(t)
	ada, a := s.withPasskey("ada@example.com")
	page := ada.Get("/account/security").Page
	require.Contains(t, apptest.Flashes(page), "The passkey was added.")
	require.Contains(t, page, "<bdi>Firefox on Linux</bdi>")
	require.Contains(t, page, "Your password alone still logs in.")
	id := newestFactor(t).ID.String()

	renamed := ada.Put(passkeysPath+"/"+id, url.Values{"name": {" My <key> "}})
	require.Equal(t, "/account/security", renamed.Location())
	page = ada.Get("/account/security").Page
	require.Equal(t, []string{"The passkey was renamed."}, apptest.Flashes(page))
	require.Contains(t, page, "<bdi>My &lt;key&gt;</bdi>")
	for _, name := range []string{"", " ", strings.Repeat("x", 65)} {
		refused := ada.Put(passkeysPath+"/"+id, url.Values{"name": {name}})
		require.Equal(t, 422, refused.StatusCode)
		require.Contains(t, refused.Page, `role="alert">Enter a name of 1 to 64 characters.`)
		require.Contains(t, refused.Page, "<details open>")
	}

	require.Equal(t, "/account/security", ada.Delete(passkeysPath+"/"+id, nil).Location())
	page = ada.Get("/account/security").Page
	require.Contains(t, page, "Removed passkeys")
	require.Equal(t, "/account/security", ada.Post(passkeysPath+"/"+id+"/restore", nil).Location())
	require.NotContains(t, ada.Get("/account/security").Page, "Removed passkeys")
	requireLocation(t, s.browser().usesPasskey("/login/passkey", a), 200, "/")
	require.Equal(t, []string{"passkey_added", "passkey_removed", "passkey_restored"}, mailsAbout(t, "ada@example.com", "passkey_"))

	modelstest.SignUp(t, "eve@example.com")
	eve := s.loggedIn("eve@example.com", firefox)
	for _, other := range []string{id, "x"} {
		require.Equal(t, 404, eve.Put(passkeysPath+"/"+other, url.Values{"name": {"x"}}).StatusCode)
		require.Equal(t, 404, eve.Delete(passkeysPath+"/"+other, nil).StatusCode)
		require.Equal(t, 404, eve.Post(passkeysPath+"/"+other+"/restore", nil).StatusCode)
	}
}

func mailsAbout(t testing.TB, email, prefix string) (templates []string) {
	t.Helper()
	for _, template := range modelstest.Mails(t, email) {
		if strings.HasPrefix(template, prefix) {
			templates = append(templates, template)
		}
	}
	return templates
}

func TestAccountSecurityPasskeys_Names(t *testing.T) {
	s := newSite(t)
	ada, _ := s.withPasskey("ada@example.com")
	ada.addsPasskey(passkeytest.New(origin), map[string]any{"name": "Phone"})
	require.Equal(t, "Phone", newestFactor(t).Name)
	refused := ada.answers(passkeysPath, passkeytest.New(origin).Create(t, ada.options(passkeysPath)), map[string]any{"name": strings.Repeat("x", 65)})
	requireProblem(t, refused, 422, "That passkey was not accepted.")
	bitwarden := passkeytest.New(origin)
	bitwarden.AAGUID = [16]byte{0xd5, 0x48, 0x82, 0x6e, 0x79, 0xb4, 0xdb, 0x40, 0xa3, 0xd8, 0x11, 0x11, 0x6f, 0x7e, 0x83, 0x49}
	ada.addsPasskey(bitwarden)
	require.Equal(t, "Bitwarden", newestFactor(t).Name)

	var options struct {
		PublicKey struct {
			User               map[string]string
			ExcludeCredentials []any
		}
	}
	require.NoError(t, json.Unmarshal(ada.options(passkeysPath), &options))
	require.Len(t, options.PublicKey.ExcludeCredentials, 3)
	user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"id": base64.RawURLEncoding.EncodeToString(user.ID.Bytes()), "name": "ada@example.com", "displayName": "ada@example.com"}, options.PublicKey.User)
}

// Browsers offer passkeys among the emails that they fill in.
func TestLoginPasskey_Autofill(t *testing.T) {
	email := parsePage(t, newSite(t).browser().Get("/login").Page).with("autocomplete")[0]
	require.Equal(t, "username webauthn", email["autocomplete"])
}
