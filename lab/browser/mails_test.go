package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func TestMails_FitAndAreAccessible(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	mailProgram := openBrowser(t, s, person{noisy: true})
	for _, language := range languages(t) {
		t.Run(language, func(t *testing.T) {
			for name, m := range s.everyMail(t, language) {
				mailProgram.open(m.HTML)
				require.Equal(t, language, strings.ToLower(evaluate[string](mailProgram, "document.documentElement.lang")), name)
				require.Equal(t, language == "ar", evaluate[string](mailProgram, `getComputedStyle(document.querySelector("h1")).direction`) == "rtl", name)
				require.Equal(t, m.Subject, evaluate[string](mailProgram, "document.title"), name)
				screens := []screen{narrowDark, wideLight}
				if language == "en-us" {
					screens = append(screens, narrowLight, wideDark)
				}
				for _, on := range screens {
					mailProgram.do("showing "+name, on)
					if on == narrowDark || language == "en-us" {
						mailProgram.photograph("mail-"+name+"-"+language, on)
					}
					assert.Empty(t, evaluate[[]string](mailProgram, misfits), "%s-%s", name, on)
					assert.Empty(t, mailProgram.axe(), "%s-%s", name, on)
				}
			}
		})
	}
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

func (s *site) everyMail(t *testing.T, language string) map[string]services.Mail {
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
	arrives("signup-taken", zoe, "/password/forgot")
	phone.send("/password/forgot", "email", zoe)
	arrives("reset", zoe, "/password/reset/")
	phone.send("/login", "email", zoe, "password", firstPassword)
	arrives("new-browser", zoe, "/not-me/")
	desk.send("/account/password", "_method", "PUT", "password", secondPassword)
	arrives("password-changed", zoe, "/not-me/")
	desk.send("/account/email", "_method", "PUT", "email", ada)
	arrives("email-taken", ada, "/password/forgot")
	arrives("email-asked", zoe, "/not-me/")
	desk.send("/account/email", "_method", "PUT", "email", zoesNewEmail)
	arrives("email-asked", zoe, "/not-me/")
	desk.send(desk.follow(arrives("email-confirm", zoesNewEmail, "/account/email/confirm/")))
	undo := arrives("email-changed", zoe, "/not-me/")
	phone.send("/signup", "email", zoe)
	mails["email-reserved"] = s.mails.Wait(t, "about a reserved email", func(m services.Mail) bool { return m.To == zoe })
	desk.send("/account", "_method", "DELETE")
	arrives("account-deleted", zoesNewEmail, "/not-me/")
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
