package actions

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/web"
	"corral/models"
	"corral/models/modelstest"
)

type link struct {
	path     string                                    // before the token
	lifetime time.Duration                             // as the mail says
	mail     string                                    // template
	request  func(s *site) (owner *browser, to string) // queues the mail; owner is the browser that asked for it
	use      func(b *browser, rawToken string) apptest.Response
	next     string // the page to which a valid token leads
}

const newPassword = "an entirely new set of words"

func logInAs(s *site, email string) *browser {
	b := s.browser()
	if _, err := models.FindUserByEmail(s.t.Context(), email); err != nil {
		modelstest.SignUp(s.t, email)
	}
	require.Equal(s.t, "/", b.logIn(email).Location())
	return b
}

func confirmWith(b *browser, rawToken string) apptest.Response {
	return b.Post("/account/email/confirm/"+rawToken, url.Values{})
}

var links = map[string]link{
	"sign-up": {"/signup/", 24 * time.Hour, models.MailSignup,
		func(s *site) (*browser, string) {
			b := s.browser()
			b.signUp("zoe@example.com")
			return b, "zoe@example.com"
		},
		func(b *browser, rawToken string) apptest.Response {
			b.Get("/signup/" + rawToken)
			return b.choosePassword(newPassword)
		}, "/"},
	"reset": {"/password/reset/", time.Hour, models.MailReset,
		func(s *site) (*browser, string) {
			modelstest.SignUp(s.t, "ada@example.com")
			b := s.browser()
			b.forgot("ada@example.com")
			return b, "ada@example.com"
		},
		func(b *browser, rawToken string) apptest.Response {
			if a := b.Get("/password/reset/" + rawToken); a.StatusCode != http.StatusFound {
				return a
			}
			return b.Put("/password/reset", url.Values{"password": {newPassword}})
		}, "/login"},
	"confirm": {"/account/email/confirm/", 24 * time.Hour, models.MailEmailConfirm,
		func(s *site) (*browser, string) {
			b := logInAs(s, "ada@example.com")
			b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
			return b, "ada@new.example"
		}, confirmWith, "/account"},
	"undo": {"/not-me/", 7 * 24 * time.Hour, models.MailEmailChanged,
		func(s *site) (*browser, string) {
			b := logInAs(s, "ada@example.com")
			b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
			confirmWith(b, modelstest.Link(s.t, "ada@new.example", models.MailEmailConfirm))
			return b, "ada@example.com"
		},
		func(b *browser, rawToken string) apptest.Response {
			return b.Post("/not-me/"+rawToken, url.Values{})
		}, "/login"},
}

// damagedTokens returns variants of a token that a mail client or an attacker may send.
func damagedTokens(rawToken string) []string {
	return []string{
		"x", rawToken[1:], rawToken[:42], rawToken + "A", rawToken + "=", strings.ToLower(rawToken), "%00", rawToken + "%00", "%00" + rawToken,
		rawToken + "%0d%0aSet-Cookie:x=y", "%ff%fe", "%20" + rawToken, rawToken + "%20", "'%20OR%201=1--", "%25s%25n",
		strings.Repeat("A", 8000), "<script>", url.PathEscape("漢字🐎"),
	}
}

// A token must be refused if it is damaged, redeemed, for another purpose, or for another
// account.
func TestLinks_DeadTokenChangesNothing(t *testing.T) {
	for name, link := range links {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			owner, to := link.request(s)
			rawToken := modelstest.Link(t, to, link.mail)
			requirePage := func(a apptest.Response, text, why string) {
				t.Helper()
				require.Equal(t, 404, a.StatusCode, "%.60q", why)
				require.Contains(t, a.Page, text, "%.60q", why)
				require.Contains(t, a.Header.Get("Content-Type"), "text/html")
			}
			requireDead := func(a apptest.Response, why string) {
				t.Helper()
				requirePage(a, "This link no longer works", why)
			}
			bob := logInAs(s, "bob@example.com") // some links need a login
			before := rows(t)
			for _, bad := range damagedTokens(rawToken) {
				a := owner.Get(link.path + bad)
				requireDead(a, bad)
				require.Contains(t, a.Page, "It was not copied completely", "%.60q", bad)
				requireDead(link.use(owner, bad), bad)
			}
			for otherName, other := range links {
				if otherName != name {
					requireDead(bob.Get(other.path+rawToken), "for another purpose")
					requireDead(other.use(bob, rawToken), "for another purpose")
				}
			}
			if name == "confirm" {
				requirePage(bob.Get(link.path+rawToken), "This link is for another account", "of another account")
				requirePage(link.use(bob, rawToken), "This link is for another account", "of another account")
			}
			require.Equal(t, before, rows(t))

			require.Equal(t, link.next, link.use(owner, rawToken).Location(), "a refused request does not redeem the token")
			if name == "confirm" { // this link needs a login
				require.Equal(t, "/", owner.Get(link.path+rawToken).Location(), "the link is used: its user is sent home")
				require.Equal(t, "/", link.use(owner, rawToken).Location())
				return
			}
			again := s.browser()
			for _, a := range []apptest.Response{again.Get(link.path + rawToken), link.use(again, rawToken)} {
				if name == "sign-up" && a.Request.Method == http.MethodPost {
					requireDead(a, "the session has no link")
					continue
				}
				requirePage(a, "This is already done", "used")
				require.Contains(t, a.Page, `<a class="btn btn-primary" href="/login">`)
			}
		})
	}
}

func rows(t *testing.T) (list []string) {
	t.Helper()
	require.NoError(t, models.DB.Store.Select(&list, `
		SELECT email || password_digest FROM users UNION ALL SELECT purpose || subject FROM tokens
		UNION ALL SELECT template || recipient FROM mails ORDER BY 1`))
	return list
}

func TestLinks_Expire(t *testing.T) {
	for name, link := range links {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			models.Clock.Stop()
			owner, to := link.request(s)
			rawToken := modelstest.Link(t, to, link.mail)
			models.Clock.Move(link.lifetime - time.Second)
			if name == "confirm" {
				owner = logInAs(s, "ada@example.com") // the session has expired
			}
			require.Less(t, owner.Get(link.path+rawToken).StatusCode, 400)
			models.Clock.Move(time.Second)
			for _, a := range []apptest.Response{owner.Get(link.path + rawToken), link.use(owner, rawToken)} {
				require.Equal(t, 404, a.StatusCode)
				require.Contains(t, a.Page, "It is too old.")
				require.Equal(t, name != "undo", strings.Contains(a.Page, "Ask for a new one."), "mails about changes come unasked")
				require.Equal(t, name == "undo", strings.Contains(a.Page, "If you get no email for that, ask"), "the email may be of no account any more")
				require.Equal(t, name == "confirm", strings.Contains(a.Page, `<a class="btn" href="/account">`), "where a user asks for another change")
			}
		})
	}
}

// The page about a link that is too old or used leads to the page that was requested first.
func TestLinks_DeadOnesKeepNext(t *testing.T) {
	s := newSite(t)
	models.Clock.Stop()
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.Post("/password/forgot", url.Values{"email": {"ada@example.com"}, "next": {"/account/sessions"}})
	b.Post("/signup", url.Values{"email": {"bob@example.com"}, "next": {"/account/sessions"}})
	reset, signup := "/password/reset/"+modelstest.Link(t, "ada@example.com", models.MailReset), "/signup/"+modelstest.Link(t, "bob@example.com", models.MailSignup)
	b.Get(reset)
	b.Put("/password/reset", url.Values{"password": {modelstest.Password}})
	models.Clock.Move(24 * time.Hour)
	for _, link := range []string{reset, signup} {
		page := s.browser().Get(link).Page
		for _, path := range []string{"/login", "/signup", "/password/forgot"} {
			require.Contains(t, page, `href="`+path+`?next=%2Faccount%2Fsessions"`, link)
		}
	}
	require.Contains(t, s.browser().Get("/signup/x").Page, `href="/login"`)
}

func TestLinks_DeadResetOffersALoggedInUserAnother(t *testing.T) {
	ada := logInAs(newSite(t), "ada@example.com")
	for path, offered := range map[string]bool{"/password/reset/x": true, "/password/reset": true, "/not-me/x": false, "/account/email/confirm/x": false} {
		a := ada.Get(path)
		require.Equal(t, 404, a.StatusCode, path)
		require.Equal(t, offered, strings.Contains(a.Page, `<a class="btn" href="/password/forgot">Forgot your password?</a>`), path)
	}
}

// A form belongs to the link for which it was rendered, even if the browser has opened
// another link since: a page of an attacker may open one.
func TestLinks_FormOfAnotherLinkIsRefused(t *testing.T) {
	for _, form := range []struct {
		open, form, mail string
		request          func(b *browser, email string)
	}{
		{"/signup/", "/signup/password", models.MailSignup, func(b *browser, email string) { b.signUp(email) }},
		{"/password/reset/", "/password/reset", models.MailReset, func(b *browser, email string) {
			modelstest.SignUp(t, email)
			b.forgot(email)
		}},
	} {
		t.Run(form.form, func(t *testing.T) {
			s := newSite(t)
			b := s.browser()
			tokens := map[string]string{}
			for _, email := range []string{"ada@example.com", "eve@example.com"} {
				form.request(b, email)
				tokens[email] = modelstest.Link(t, email, form.mail)
			}
			b.Get(form.open + tokens["ada@example.com"])
			page := b.Get(form.form).Page
			require.Contains(t, page, "ada@example.com")
			_, rest, found := strings.Cut(page, `name="link" value="`)
			require.True(t, found)
			digest, _, _ := strings.Cut(rest, `"`) // of models.FormDigests
			require.Len(t, digest, 43)
			submit := func() apptest.Response {
				typed := signupForm(newPassword)
				typed.Set("username", "ada@example.com")
				typed.Set("link", digest)
				if form.form == "/password/reset" {
					return b.Put(form.form, typed)
				}
				return b.Post(form.form, typed)
			}
			before := rows(t)
			b.Get(form.open + tokens["eve@example.com"])
			for range 2 {
				a := submit()
				require.Equal(t, 422, a.StatusCode)
				require.Contains(t, a.Page, "This form was for ada@example.com.")
				require.NotContains(t, a.Page, "eve@example.com")
				b.logOut() // the new session has no link
			}
			require.Equal(t, before, rows(t))
			b.Get(form.open + tokens["ada@example.com"])
			require.Equal(t, 303, submit().StatusCode, "after the link was opened again")
		})
	}
}

// After another request for a mail, by an attacker or the owner, an open form still works.
func TestLinks_FurtherRequestLeavesTheFormGood(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.forgot("ada@example.com")
	link := "/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset)
	b.Get(link)
	s.browser().forgot("ada@example.com")
	further := "/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset)
	require.NotEqual(t, link, further)
	require.Equal(t, "/login", b.Put("/password/reset", url.Values{"password": {newPassword}}).Location())
	for _, ended := range []string{link, further} {
		require.Equal(t, 404, s.browser().Get(ended).StatusCode)
	}
}

// A form that a link leads to names the link's account, and the user who is logged in.
func TestLinks_FormNamesBothAccounts(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	bob := logInAs(s, "bob@example.com")
	s.browser().forgot("ada@example.com")
	s.browser().signUp("zoe@example.com")
	bob.Get("/password/reset/" + modelstest.Link(t, "ada@example.com", models.MailReset))
	bob.Get("/signup/" + modelstest.Link(t, "zoe@example.com", models.MailSignup))
	for path, email := range map[string]string{"/password/reset": "ada@example.com", "/signup/password": "zoe@example.com"} {
		_, content, _ := strings.Cut(bob.Get(path).Page, "<main")
		require.Contains(t, content, email)
		require.Contains(t, content, "You are logged in as bob@example.com.")
		require.Contains(t, content, `<form action="/logout" method="post">`)
	}
}

func TestLinks_OneOfTwentyConcurrentUsesSucceeds(t *testing.T) {
	for _, name := range []string{"reset", "confirm", "undo"} { // for sign-up see signup_test.go
		t.Run(name, func(t *testing.T) {
			s, link := newSite(t), links[name]
			owner, to := link.request(s)
			rawToken := modelstest.Link(t, to, link.mail)
			statuses := make(chan int, 20)
			var all sync.WaitGroup
			for range 20 {
				b := s.browser()
				if name == "confirm" {
					b = owner
				}
				all.Go(func() { statuses <- link.use(b, rawToken).StatusCode })
			}
			all.Wait()
			close(statuses)
			count := map[int]int{}
			for status := range statuses {
				count[status]++
			}
			if name == "confirm" { // the other 19 are redirected home, since this browser is logged in
				require.Equal(t, map[int]int{303: 20}, count)
				owner.requireLoggedInAs("ada@new.example")
				changed := slices.DeleteFunc(modelstest.Mails(t, "ada@example.com"), func(template string) bool { return template != models.MailEmailChanged })
				require.Len(t, changed, 1)
				return
			}
			require.Equal(t, map[int]int{303: 1, 404: 19}, count)
		})
	}
}

// listening is newSite with a web.Server in place of apptest's server.
func listening(t *testing.T) *site {
	t.Helper()
	modelstest.Empty(t)
	c := modelstest.Config()
	handler := Handler(newApp(t, c), c, testLogger(t, c), nil)
	server, err := web.Listen(web.ListenOptions{Addr: "127.0.0.1:0"}, handler, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	go server.Start(t.Context(), nil)
	t.Cleanup(func() { server.Shutdown(t.Context()) })
	s := &site{apptest.NewServer(t, handler), t}
	s.URL = "http://" + server.Address()
	return s
}

func TestLinks_MegabyteIsRefused(t *testing.T) {
	modelstest.Empty(t)
	s := listening(t)
	for _, link := range links {
		for _, method := range []string{"GET", "POST", "HEAD"} {
			req, err := http.NewRequest(method, s.URL+link.path+strings.Repeat("A", 1<<20), nil)
			require.NoError(t, err)
			res, err := http.DefaultTransport.RoundTrip(req)
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, res.StatusCode)
			require.NoError(t, res.Body.Close())
		}
	}
	res, err := http.PostForm(s.URL+"/signup/password", url.Values{"password": {strings.Repeat("A", 1<<20)}})
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
	require.NoError(t, res.Body.Close())
}

func TestLinks_WithoutTokenOpenNothing(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]int{
		"/signup/":         200, // the form
		"/password/reset/": 404, "/account/email/confirm/": 404, "/not-me/": 404,
	} {
		require.Equal(t, want, s.browser().Get(path).StatusCode, path)
	}
	require.Equal(t, 404, s.browser().choosePassword(newPassword).StatusCode)
	require.Equal(t, 404, s.browser().Put("/password/reset", url.Values{"password": {newPassword}}).StatusCode)
}

// Prevents header injection: a typed email must add neither a header nor a recipient.
func TestForms_CannotInjectMailHeaders(t *testing.T) {
	s := newSite(t)
	ada := logInAs(s, "ada@example.com")
	guest := s.browser()
	before := rows(t)
	for _, typed := range []string{
		"zoe@example.com\r\nBcc: eve@example.com", "zoe@example.com\nBcc: eve@example.com", "zoe@example.com\rBcc: eve@example.com",
		"zoe@example.com%0d%0aBcc: eve@example.com", "zoe@example.com%0aBcc:eve@example.com", "zoe@example.com\r\n\r\nHello",
		"Bcc: eve@example.com\r\nzoe@example.com", "\r\nBcc: eve@example.com", "zoe@example.com,eve@example.com", "zoe@example.com;eve@example.com",
		"zoe@example.com eve@example.com", "<zoe@example.com>", "\"Zoe\r\nBcc: eve\" <zoe@example.com>", "zoe@example.com\x00", "zoe@example.com\u2028Bcc: eve@example.com",
		"zo\u00ade\u200b@example.com\u202e\r\n",
	} {
		for form, send := range map[string]func() apptest.Response{
			"sign up": func() apptest.Response { return guest.signUp(typed) },
			"forgot":  func() apptest.Response { return guest.forgot(typed) },
			"change of email": func() apptest.Response {
				return ada.Put("/account/email", url.Values{"email": {typed}})
			},
		} {
			a := send()
			require.Equal(t, 422, a.StatusCode, "%s: %q", form, typed)
			require.Contains(t, a.Page, "That is not an email address", "%s: %q", form, typed)
		}
	}
	require.Equal(t, before, rows(t))
}
