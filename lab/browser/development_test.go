package browser

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

func TestDevelopment_ShowsMailsAndReloads(t *testing.T) {
	t.Parallel()
	s := openDevelopment(t)
	b := openBrowser(t, s, person{})
	b.visit("/signup")
	b.fill("[name=email]", "zoe@example.com")
	b.press(`[action="/signup"] [type=submit]`)
	b.press(`main a[href="/dev/mail"]`)
	b.press(`main a[href^="/dev/mail/"]`)
	b.press("main pre a")
	require.Equal(t, "/signup/password", b.path())

	b = openBrowser(t, s, person{})
	listening := make(chan struct{}, 100)
	chromedp.ListenTarget(b.ctx, func(event any) {
		if _, ok := event.(*network.EventEventSourceMessageReceived); ok {
			listening <- struct{}{}
		}
	})
	b.visit("/welcome")
	b.do("waiting for the page to listen", chromedp.ActionFunc(func(ctx context.Context) error {
		select {
		case <-listening:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	path := filepath.Join(s.dir, "templates/welcome/show.plush.html")
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(source), "<h1>", `<h1 id="saved">`, 1)), 0o600))
	b.await(`document.getElementById("saved") !== null`)
}

// Over plain http, under a name other than localhost, Chromium does not send
// Sec-Fetch-Site. With Referrer-Policy: no-referrer, it would send Origin: null.
func TestDevelopment_FormsWorkByNameOverPlainHTTP(t *testing.T) {
	t.Parallel()
	port := binary.FreePort(t)
	s := openDevelopment(t, "PORT="+port, "HOST=http://"+plainName+":"+port)
	s.url = "http://" + plainName + ":" + port
	b := openBrowser(t, s, person{})
	b.visit("/login")
	b.fill("[name=email]", "zoe@example.com")
	b.fill("[name=password]", "not the password")
	b.press(`[action="/login"] [type=submit]`)
	require.Equal(t, "Invalid email or password.", b.text("#login-error"))
	b.visit("/signup")
	b.fill("[name=email]", "zoe@example.com")
	b.press(`[action="/signup"] [type=submit]`)
	require.Equal(t, "/check-mail", b.path())

	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.noise = slices.DeleteFunc(b.noise, func(noise string) bool { // warnings about features that need TLS
		return strings.HasPrefix(noise, "The Cross-Origin-Opener-Policy header has been ignored")
	})
}

// Browsers open at most six connections to a host, for all tabs together: hidden tabs must
// close theirs. A tab is hidden only if another tab of its window is in front.
func TestDevelopment_ServesManyTabs(t *testing.T) {
	t.Parallel()
	s := openDevelopment(t)
	first := openBrowser(t, s, person{wholeChromium: true})
	first.visit("/welcome")
	for range 7 {
		first.tab().visit("/welcome")
	}
	require.True(t, evaluate[bool](first, "document.hidden"))
	path := filepath.Join(s.dir, "templates/welcome/show.plush.html")
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(source), "<h1>", `<h1 id="saved">`, 1)), 0o600))
	first.do("showing the first tab", page.BringToFront())
	first.await(`document.getElementById("saved") !== null`)
}

// tab opens another tab of the browser, in front.
func (b *browser) tab() *browser {
	b.t.Helper()
	var id target.ID
	b.do("opening a tab", emulation.SetFocusEmulationEnabled(false), chromedp.ActionFunc(func(ctx context.Context) error {
		at := chromedp.FromContext(ctx)
		ctx = cdp.WithExecutor(ctx, at.Browser)
		info, err := target.GetTargetInfo().WithTargetID(at.Target.TargetID).Do(ctx)
		if err == nil {
			id, err = target.CreateTarget("about:blank").WithBrowserContextID(info.BrowserContextID).Do(ctx)
		}
		return err
	}))
	other := openBrowserIn(b.t, b.site, b.person, requireChromium(b.t, b.person), chromedp.WithTargetID(id))
	other.do("allowing the tab to be hidden", emulation.SetFocusEmulationEnabled(false))
	return other
}
