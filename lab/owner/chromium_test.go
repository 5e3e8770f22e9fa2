package owner_test

import (
	"context"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

// pagesInChromium tests what needs a browser. htmx, Alpine and the inline script must
// run, the font must load, the image of another origin must be requested, and the content
// security policy must not refuse anything.
func pagesInChromium(t *testing.T, a *app) {
	program, err := exec.LookPath("/usr/lib/chromium/chromium-headless-shell") // faster than chromium
	if err != nil {
		program, err = exec.LookPath("chromium")
	}
	if err != nil {
		require.False(t, services.Required("chromium"))
		t.Log("Chromium is not installed: its tests are skipped")
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	tab, cancel := chromedp.NewContext(allocator)
	defer cancel()
	ctx, cancel := context.WithTimeout(tab, 2*time.Minute)
	defer cancel()
	var mutex sync.Mutex
	var requested, complaints []string
	chromedp.ListenTarget(ctx, func(event any) {
		mutex.Lock()
		defer mutex.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			requested = append(requested, e.Request.URL)
		case *log.EventEntryAdded:
			if e.Entry.Source != log.SourceNetwork {
				complaints = append(complaints, e.Entry.Text)
			}
		}
	})
	appURL, err := url.Parse(a.url)
	require.NoError(t, err)
	actions := []chromedp.Action{network.Enable(), log.Enable()}
	for _, cookie := range a.client.Jar.Cookies(appURL) {
		actions = append(actions, network.SetCookie(cookie.Name, cookie.Value).WithURL(a.url))
	}
	awaited := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	until := func(condition string) chromedp.Action { return chromedp.Poll(condition, nil) }
	var fonts int
	require.NoError(t, chromedp.Run(ctx, append(actions,
		chromedp.Navigate(a.url+"/documents"),
		until(`document.getElementById("count").textContent == "23"`),
		until(`document.querySelectorAll("#list li").length == 20`),
		chromedp.SendKeys("#q", "plan 01"),
		until(`document.querySelectorAll("#list li").length == 1`),
		chromedp.Evaluate(`document.fonts.load("16px Inter").then((found) => found.length)`, &fonts, awaited),
		chromedp.Navigate(a.url+"/clock"),
		until(`document.getElementById("clock").textContent != ""`),
		until(`document.getElementById("help").style.display == "none"`),
		chromedp.Click(`#main button`),
		until(`document.getElementById("help").style.display == ""`),
	)...))
	mutex.Lock()
	defer mutex.Unlock()
	require.Empty(t, complaints)
	require.Equal(t, 1, fonts)
	require.Contains(t, strings.Join(requested, "\n"), "https://images.example.com/paddock.jpg")
}
