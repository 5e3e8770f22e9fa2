package actions_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/models"
	"corral/models/modelstest"
)

// guest signs up, forgets and resets.
func (s *story) guest() {
	b := s.browser()
	for _, path := range []string{"/welcome", "/login", "/signup", "/password/forgot", "/check-mail"} {
		s.read(b.get(path), 200)
	}
	b.get("/")
	s.read(b.get("/login"), 200) // log in first
	s.read(b.signUp("nobody"), 422)
	b.signUp("zoe@gmial.com")
	s.read(b.get("/check-mail"), 200) // did you mean
	s.read(b.get("/check-mail"), 200) // ask again
	b.get("/signup/" + modelstest.Link(s.t, "zoe@gmial.com", models.MailSignup))
	s.read(b.get("/signup/password"), 200)
	for _, password := range []string{
		"short", strings.Repeat("long", 40), "a bell \a rings in here",
		"1234567890123456", "zoe@gmial.com123", "internationalization", "asdfghjklpoiuytr", "aaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnop", "november21.11.1987",
	} {
		s.read(b.post("/signup/password", url.Values{"password": {password}}), 422)
	}
	b.post("/signup/password", url.Values{"password": {modelstest.Password}})
	s.read(b.get("/"), 200) // welcome
	s.read(b.get("/account/activity"), 200)
	s.read(b.get("/welcome"), 200)
	s.read(b.get("/logout"), 200)
	b.logOut()
	s.read(b.get("/welcome"), 200) // logged out

	b.post("/password/forgot", url.Values{"email": {"zoe@gmial.com"}})
	s.read(b.get("/check-mail"), 200)
	b.get("/password/reset/" + modelstest.Link(s.t, "zoe@gmial.com", models.MailReset))
	s.read(b.get("/password/reset"), 200)
	b.put("/password/reset", url.Values{"password": {modelstest.Password}})
	s.read(b.get("/login"), 200) // saved
	s.read(b.get("/signup/x"), 404)
}

// refusals are what a login answers to a wrong password, and to too many.
func (s *story) refusals() {
	b := s.browser()
	wrong := url.Values{"email": {"eve@example.com"}, "password": {"wrong"}}
	for range 5 {
		s.read(b.post("/login", wrong), 422)
	}
	for wait := 0; wait <= 90; { // seconds, then minutes
		a := b.post("/login", wrong)
		s.read(a, a.StatusCode)
		wait, _ = strconv.Atoi(a.Header.Get("Retry-After"))
		models.Clock.Move(time.Duration(wait) * time.Second)
	}
	require.NoError(s.t, models.DB.RawQuery("UPDATE throttles SET tries = 100, since_ms = 0").Exec())
	s.read(b.post("/login", wrong), 429) // until a reset
}

// account changes what can be changed, and deletes.
func (s *story) account() {
	modelstest.SignUp(s.t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	s.read(b.get("/"), 200) // logged in
	s.read(b.get("/account"), 200)
	s.read(b.put("/account/email", url.Values{"email": {"ada@new.example"}, "current_password": {"wrong"}}), 422)
	s.read(b.put("/account/email", url.Values{"email": {"nobody"}, "current_password": {modelstest.Password}}), 422)
	s.read(b.put("/account/email", url.Values{"email": {"ada@example.com"}, "current_password": {modelstest.Password}}), 422)
	s.read(b.put("/account/password", url.Values{"password": {"short"}, "current_password": {modelstest.Password}}), 422)
	b.put("/account/password", url.Values{"password": {"an entirely new set of words"}, "current_password": {modelstest.Password}})
	s.read(b.get("/account"), 200) // changed
	b.put("/account/language", url.Values{"language": {s.reader.Language}})
	s.read(b.get("/account"), 200) // language saved
	s.read(b.get("/account/activity"), 200)
	b.post("/account", url.Values{"_method": {"DELETE"}, "current_password": {"an entirely new set of words"}})
	s.read(b.get("/welcome"), 200) // deleted
}

// devices ends the sessions of others.
func (s *story) devices() {
	bob := modelstest.SignUp(s.t, "bob@example.com")
	b, remembered, unknown := s.browser(), s.browser(), s.browser()
	unknown.header.Set("User-Agent", "?")
	b.logIn("bob@example.com")
	remembered.logIn("bob@example.com", "remember")
	unknown.logIn("bob@example.com")
	page := b.get("/account/sessions")
	s.read(page, 200)
	_, id, _ := strings.Cut(page.page, `action="/account/sessions/`)
	id, _, _ = strings.Cut(id, `"`)
	b.post("/account/sessions/"+id, url.Values{"_method": {"DELETE"}})
	s.read(b.get("/account/sessions"), 200) // ended
	b.post("/account/sessions", url.Values{"_method": {"DELETE"}})
	s.read(b.get("/account/sessions"), 200) // others ended
	b.logOut()
	b.post("/login", url.Values{"email": {"bob@example.com"}, "password": {"wrong"}})
	b.logIn("bob@example.com")
	for range 25 {
		_, err := models.EndSessionsOf(s.t.Context(), bob)
		require.NoError(s.t, err)
	}
	b.logIn("bob@example.com")
	page = b.get("/account/activity")
	s.read(page, 200)
	_, older, _ := strings.Cut(page.page, `href="/account/activity?`)
	older, _, _ = strings.Cut(older, `"`)
	s.read(b.get("/account/activity?"+older), 200)
	s.read(b.get("/account/activity?before=0_"+uuid.Nil.String()), 200) // nothing
}

// emailChange is asked for, confirmed and undone.
func (s *story) emailChange() {
	modelstest.SignUp(s.t, "amy@example.com")
	b := s.browser()
	b.logIn("amy@example.com")
	b.put("/account/email", url.Values{"email": {"amy@new.example"}, "current_password": {modelstest.Password}})
	s.read(b.get("/account"), 200) // asked
	confirm := "/account/email/confirm/" + modelstest.Link(s.t, "amy@new.example", models.MailEmailConfirm)
	s.read(b.get(confirm), 200, "/account/email/confirm/{token}")
	b.post(confirm, url.Values{})
	s.read(b.get("/account"), 200) // confirmed
	undo := "/account/email/undo/" + modelstest.Link(s.t, "amy@example.com", models.MailEmailChanged)
	s.read(b.get(undo), 200, "/account/email/undo/{token}")
	b.post(undo, url.Values{})
	s.read(b.get("/login"), 200) // undone
	b.get("/password/reset/" + modelstest.Link(s.t, "amy@example.com", models.MailReset))
	b.put("/password/reset", url.Values{"password": {modelstest.Password}})
	b.logIn("amy@example.com")
	s.read(b.get("/account/activity"), 200)
}

// errors are all that have a page.
func (s *story) errors() {
	modelstest.SignUp(s.t, "eva@example.com")
	b := s.browser()
	b.logIn("eva@example.com")
	for _, status := range actions.ErrorStatuses() {
		s.read(b.get(fmt.Sprint("/fail/", status)), status)
	}
}

// developer reads the mails that were not sent, and those that never would be.
func (s *story) developer() {
	b := s.browser()
	b.post("/password/forgot", url.Values{"email": {"nobody@example.com"}})
	page := b.get("/dev/mail")
	s.read(page, 200)
	for _, link := range strings.Split(page.page, `href="/dev/mail/`)[1:] {
		id, _, _ := strings.Cut(link, `"`)
		s.read(b.get("/dev/mail/"+id), 200)
	}
}
