package browser

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func TestMails_FitAndAreAccessible(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	mailProgram := openBrowser(t, s, person{noisy: true})
	fits := func(t *testing.T, language, kind string, m services.Mail, screens ...screen) {
		mailProgram.open(m.HTML)
		require.Equal(t, language, strings.ToLower(evaluate[string](mailProgram, "document.documentElement.lang")), kind)
		require.Equal(t, language == "ar", evaluate[string](mailProgram, `getComputedStyle(document.querySelector("h1")).direction`) == "rtl", kind)
		require.Equal(t, m.Subject, evaluate[string](mailProgram, "document.title"), kind)
		for _, on := range screens {
			mailProgram.do("showing "+kind, on)
			if on == narrowDark || language == "en-us" {
				mailProgram.photograph("mail-"+kind+"-"+language, on)
			}
			assert.Empty(t, evaluate[[]string](mailProgram, misfits), "%s-%s", kind, on)
			assert.Empty(t, mailProgram.axe(), "%s-%s", kind, on)
		}
	}
	var caused []string
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			screens := []screen{narrowDark, wideLight}
			if language == "en-us" {
				screens = append(screens, narrowLight, wideDark)
			}
			mails := s.causedMails(t, language)
			for kind, m := range mails {
				fits(t, language, kind, m, screens...)
			}
			caused = slices.Collect(maps.Keys(mails))
		})
	}
	t.Run("other kinds", func(t *testing.T) {
		for kind, m := range s.otherMails(t, caused) {
			fits(t, "en-us", kind, m, narrowDark)
		}
	})
}

func TestMails_LongEmailBreaks(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 63) + ".example.com"
	s.httpBrowser(t, "en-us", iPhone).send("/signup", "email", long)
	s.mails.Link(t, long, "/signup/")
	mailProgram := openBrowser(t, s, person{noisy: true, screen: narrowLight})
	mailProgram.open(s.mails.Read[0].HTML)
	require.Empty(t, evaluate[[]string](mailProgram, misfits))
}

func (b *browser) open(html string) {
	b.t.Helper()
	b.do("showing a mail", chromedp.ActionFunc(func(ctx context.Context) error {
		return page.SetDocumentContent(cdp.FrameID(chromedp.FromContext(ctx).Target.TargetID), html).Do(ctx)
	}))
}

// otherMails returns a mail of each kind that is not in caused.
func (s *site) otherMails(t *testing.T, caused []string) map[string]services.Mail {
	t.Helper()
	texts, err := os.ReadFile("../../locales/all.en-us.yaml")
	require.NoError(t, err)
	db, mails := s.database(t), map[string]services.Mail{}
	for _, found := range regexp.MustCompile(`id: mail\.(\w+)\.subject`).FindAllStringSubmatch(string(texts), -1) {
		kind := found[1]
		if slices.Contains(caused, kind) {
			continue
		}
		_, err := db.Exec(`INSERT INTO mails (id, recipient, template, resolved, language, data, low_priority, attempts, last_error, created_at, due_at)
			VALUES (?, ?, ?, ?, 'en-us', ?, FALSE, 0, '', ?, ?)`, uuid.Must(uuid.NewV7()).String(), kind+"@example.com", kind, kind,
			`{"when": "2026-11-24T15:04:00Z", "ip": "192.0.2.7", "user_agent": "`+linuxChrome+`", "new_email": "zoe@example.org"}`, time.Now().UTC(), time.Now().UTC())
		require.NoError(t, err)
		mails[kind] = services.Mail{}
	}
	require.Greater(t, len(mails), 10)
	for kind := range mails {
		mails[kind] = s.mails.Wait(t, "of the kind "+kind, func(m services.Mail) bool { return m.To == kind+"@example.com" })
	}
	return mails
}

// causedMails returns the mails that a story of two accounts causes, by kind.
func (s *site) causedMails(t *testing.T, language string) map[string]services.Mail {
	t.Helper()
	mails := map[string]services.Mail{}
	arrives := func(kind, to, path string) (link string) {
		t.Helper()
		link = s.mails.Link(t, to, path)
		mails[kind] = s.mails.Read[len(s.mails.Read)-1]
		return link
	}
	ada, zoe, zoesNewEmail := "ada-"+language+"@example.com", "zoe-"+language+"@example.com", "zoe-"+language+"@example.org"
	desk, phone, other := s.httpBrowser(t, language, linuxChrome), s.httpBrowser(t, language, iPhone), s.httpBrowser(t, language, linuxChrome)

	other.send("/signup", "email", ada)
	other.send(other.follow(s.mails.Link(t, ada, "/signup/")), "password", firstPassword)
	desk.send("/signup", "email", zoe)
	desk.send(desk.follow(arrives("signup", zoe, "/signup/")), "password", firstPassword)
	phone.send("/signup", "email", zoe)
	arrives("signup_taken", zoe, "/password/forgot")
	phone.send("/password/forgot", "email", zoe)
	arrives("reset", zoe, "/password/reset/")
	phone.send("/login", "email", zoe, "password", firstPassword)
	arrives("new_browser", zoe, "/not-me/")
	desk.send("/account/password", "_method", "PUT", "password", secondPassword)
	arrives("password_changed", zoe, "/not-me/")
	desk.send("/account/email", "_method", "PUT", "email", ada)
	arrives("email_taken", ada, "/password/forgot")
	arrives("email_requested", zoe, "/not-me/")
	desk.send("/account/email", "_method", "PUT", "email", zoesNewEmail)
	arrives("email_requested", zoe, "/not-me/")
	desk.send(desk.follow(arrives("email_confirm", zoesNewEmail, "/account/email/confirm/")))
	undo := arrives("email_changed", zoe, "/not-me/")
	phone.send("/signup", "email", zoe)
	mails["email_reserved"] = s.mails.Wait(t, "about a reserved email", func(m services.Mail) bool { return m.To == zoe })
	desk.send("/account", "_method", "DELETE")
	arrives("account_deleted", zoesNewEmail, "/not-me/")
	phone.send(undo)
	mails["undone"] = s.mails.Wait(t, "about the undone change", func(m services.Mail) bool { return m.To == zoesNewEmail })
	return mails
}

type httpBrowser struct {
	t       *testing.T
	site    *site
	browser http.Client
	header  http.Header
}

func (s *site) httpBrowser(t *testing.T, language, userAgent string) *httpBrowser {
	t.Helper()
	v := &httpBrowser{t: t, site: s, browser: http.Client{Transport: client.Transport, Timeout: patience}}
	var err error
	v.browser.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	// A client can request ten mails an hour, so each language has its own client.
	v.header = http.Header{"Accept-Language": {language}, "User-Agent": {userAgent}, ipHeader: {fmt.Sprintf("2001:db8:%x::7", language[:2])}}
	return v
}

// follow opens a link and returns the path that it redirects to.
func (v *httpBrowser) follow(link string) string { return v.ask("GET", link, nil) }

func (v *httpBrowser) send(path string, fields ...string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	require.NotEqual(v.t, path, v.ask("POST", path, form), "the form was refused")
}

func (v *httpBrowser) ask(method, path string, form url.Values) (leadsTo string) {
	v.t.Helper()
	req, err := http.NewRequest(method, v.site.url+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	req.Header = v.header.Clone()
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.browser.Do(req)
	require.NoError(v.t, err)
	res.Body.Close()
	require.Equal(v.t, http.StatusOK, res.StatusCode, path)
	return res.Request.URL.Path
}
