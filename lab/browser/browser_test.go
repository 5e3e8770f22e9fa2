package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is a tab with its own profile. Each step has a deadline.
type browser struct {
	person
	t    *testing.T
	site *site
	ctx  context.Context

	loads    chan struct{}             // receives a value when a page is loaded and drawn
	half     *page.EventLifecycleEvent // the event of a page that is only loaded, or only drawn
	mutex    sync.Mutex
	noise    []string  // requests to another host, errors, policy violations
	received []float64 // bytes of each response, headers included
}

func openBrowser(t *testing.T, s *site, p person) *browser {
	t.Helper()
	return openBrowserIn(t, s, p, requireChromium(t, p), chromedp.WithTargetID(openTab(t, p)))
}

func openBrowserIn(t *testing.T, s *site, p person, chromium context.Context, options ...chromedp.ContextOption) *browser {
	t.Helper()
	tab, cancel := chromedp.NewContext(chromium, options...)
	t.Cleanup(cancel)
	ctx, crash := context.WithCancelCause(tab)
	b := &browser{person: p.orElse(usual), t: t, site: s, ctx: ctx, loads: make(chan struct{}, 100)}
	chromedp.ListenTarget(ctx, func(event any) {
		if _, crashed := event.(*inspector.EventTargetCrashed); crashed {
			crash(fmt.Errorf("the page crashed"))
		}
		b.listen(event)
	})
	require.NoError(t, chromedp.Run(ctx), "opening a tab") // without a deadline, after which the tab would close
	b.do("setting up", network.Enable(), log.Enable(), runtime.Enable(), inspector.Enable(),
		emulation.SetUserAgentOverride(b.userAgent).WithAcceptLanguage(b.language),
		network.SetExtraHTTPHeaders(network.Headers{ipHeader: b.ip}),
		emulation.SetScriptExecutionDisabled(b.noScript),
		emulation.SetFocusEmulationEnabled(true), // so that two browsers can have the focus
		b.screen,
		reportViolations)
	if !b.noisy {
		t.Cleanup(b.requireQuiet)
	}
	return b
}

// openTab opens a tab with its own profile, in a new window. chromedp would open it
// without a window, which Chromium refuses.
func openTab(t *testing.T, p person) (id target.ID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(requireChromium(t, p), patience)
	defer cancel()
	ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
	profile, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
	require.NoError(t, err, "making a profile")
	id, err = target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
	require.NoError(t, err, "opening a window")
	return id
}

func (b *browser) listen(event any) {
	switch e := event.(type) {
	case *page.EventLifecycleEvent:
		b.arrives(e)
	case *page.EventFrameNavigated:
		if e.Type == page.NavigationTypeBackForwardCacheRestore { // such a page is not loaded again
			b.loads <- struct{}{}
		}
	case *fetch.EventRequestPaused: // TestErrors_EachHasAPage breaks the form that it sends
		go chromedp.Run(b.ctx, fetch.ContinueRequest(e.RequestID).WithPostData(base64.StdEncoding.EncodeToString([]byte("email=%"))))
	case *network.EventRequestWillBeSent:
		own := strings.HasPrefix(e.Request.URL, b.site.url+"/")
		if !own && (b.site.provider == "" || !strings.HasPrefix(e.Request.URL, b.site.provider+"/")) {
			b.hear("request to " + e.Request.URL)
		}
	case *network.EventLoadingFinished:
		b.mutex.Lock()
		b.received = append(b.received, e.EncodedDataLength)
		b.mutex.Unlock()
	case *network.EventResponseReceived:
		if e.Type != network.ResourceTypeDocument && e.Response.Status >= 400 {
			b.hear(fmt.Sprintf("%d for %s", e.Response.Status, e.Response.URL))
		}
	case *runtime.EventExceptionThrown:
		b.hear(e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		b.hear(fmt.Sprintf("console.%s %s", e.Type, e.Args[0].Value))
	case *log.EventEntryAdded:
		if e.Entry.Source != log.SourceNetwork && e.Entry.Level != log.LevelInfo { // answers with an error status are logged as network errors
			b.hear(e.Entry.Text)
		}
	}
}

var reportViolations = chromedp.ActionFunc(func(ctx context.Context) error {
	_, err := page.AddScriptToEvaluateOnNewDocument(`
		document.addEventListener("securitypolicyviolation", e => console.error("policy violated: " + e.violatedDirective + " " + e.blockedURI))`).
		WithWorldName("observer").Do(ctx)
	return err
})

// arrives handles the events of a page that loads and is drawn. Both must have happened:
// Chromium drops clicks on a page that is not drawn.
func (b *browser) arrives(e *page.EventLifecycleEvent) {
	if e.Name != "load" && e.Name != "firstContentfulPaint" {
		return
	}
	if half := b.half; half == nil || half.LoaderID != e.LoaderID {
		b.half = e
	} else if half.Name != e.Name {
		b.half = nil
		b.loads <- struct{}{}
	}
}

func (b *browser) hear(noise string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.noise = append(b.noise, noise)
}

func (b *browser) requireQuiet() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	require.Empty(b.t, b.noise)
}

func (b *browser) do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeoutCause(b.ctx, patience, fmt.Errorf("gave up after %s", patience))
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		switch {
		case b.ctx.Err() != nil:
			err = fmt.Errorf("Chromium has ended: %w", context.Cause(b.ctx))
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		}
		require.Fail(b.t, what+": "+err.Error(), "the app says:\n%s", b.site.logTail())
	}
}

// leads runs actions that lead to another page, and waits for the page.
func (b *browser) leads(what string, actions ...chromedp.Action) {
	b.t.Helper()
	for len(b.loads) > 0 {
		<-b.loads
	}
	b.do(what, append(actions, b.nextPage())...)
}

// nextPage waits for the page to which earlier actions lead.
func (b *browser) nextPage() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		select {
		case <-b.loads:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.visitElsewhere(b.site.url + path)
}

func (b *browser) visitElsewhere(url string) {
	b.t.Helper()
	b.leads("visiting "+url, chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, reason, _, err := page.Navigate(url).Do(ctx)
		if err == nil && reason != "" {
			err = fmt.Errorf("%s", reason)
		}
		return err
	}))
}

// evaluate runs JavaScript, even if scripts are disabled for the page.
func evaluate[T any](b *browser, js string) (answer T) {
	b.t.Helper()
	b.do("asking the page for "+js, chromedp.Evaluate(js, &answer))
	return answer
}

// await waits until js is true on this page, or on the next one.
func (b *browser) await(js string) {
	b.t.Helper()
	b.do("waiting for "+js, chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			var yes bool
			if chromedp.Evaluate(js, &yes).Do(ctx); yes {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}))
}

func (b *browser) fill(selector, text string) {
	b.t.Helper()
	found := evaluate[bool](b, element(selector)+`?.select() === undefined && document.activeElement === `+element(selector))
	require.True(b.t, found, "%s has no field %s", b.path(), selector)
	b.do("typing into "+selector, input.InsertText(text))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do("clicking on "+selector, b.clicks(selector))
}

// press clicks and waits for the next page.
func (b *browser) press(selector string) {
	b.t.Helper()
	b.leads("pressing "+selector, b.clicks(selector))
}

func (b *browser) clicks(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var at []float64
		err := chromedp.Evaluate(`(e => {
			if (!e) return []
			e.scrollIntoView({block: "center", behavior: "instant"})
			const box = e.getClientRects()[0], x = box.x + box.width / 2, y = box.y + box.height / 2
			return e.contains(document.elementFromPoint(x, y)) ? [x, y] : []
		})(`+element(selector)+`)`, &at).Do(ctx)
		if err == nil && len(at) == 0 {
			err = fmt.Errorf("the element is missing, or something covers it")
		}
		if err != nil {
			return err
		}
		return chromedp.MouseClickXY(at[0], at[1]).Do(ctx)
	})
}

func element(selector string) string {
	quoted, _ := json.Marshal(selector)
	return "document.querySelector(" + string(quoted) + ")"
}

func (b *browser) has(selector string) bool {
	b.t.Helper()
	return evaluate[bool](b, element(selector)+" !== null")
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.TrimSpace(evaluate[string](b, element(selector)+`?.innerText ?? "nothing is there"`))
}

func (b *browser) path() string {
	b.t.Helper()
	u, err := url.Parse(evaluate[string](b, "location.href"))
	require.NoError(b.t, err)
	return u.Path
}

func (b *browser) flashes() []string {
	b.t.Helper()
	return evaluate[[]string](b, `[...document.querySelectorAll(".flashes .alert p")].map(p => p.innerText)`)
}

func (b *browser) back() {
	b.t.Helper()
	b.leads("going back", chromedp.ActionFunc(func(ctx context.Context) error {
		at, entries, err := page.GetNavigationHistory().Do(ctx)
		if err != nil || at == 0 {
			return fmt.Errorf("there is nothing to go back to: %w", err)
		}
		return page.NavigateToHistoryEntry(entries[at-1].ID).Do(ctx)
	}))
}

func (b *browser) cookies() (list []*http.Cookie) {
	b.t.Helper()
	b.do("reading the cookies", chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := network.GetCookies().Do(ctx)
		for _, c := range cookies {
			list = append(list, &http.Cookie{Name: c.Name, Value: c.Value})
		}
		return err
	}))
	return list
}

var forgetCookies = network.ClearBrowserCookies()
