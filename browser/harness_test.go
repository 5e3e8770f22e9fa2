package browser

import (
	"context"
	"fmt"
	"image"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Ada, whom db:seed makes.
const (
	email    = "ada@example.com"
	password = "analytical engine number one"
)

// site is the development binary, in a copy of what it reads while it runs.
type site struct{ url, dir string }

func startSite(t *testing.T) *site {
	t.Helper()
	requireChromium(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "corral")
	build := exec.Command("go", "build", "-o", binary, "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, folder := range []string{"templates", "assets", "locales"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join("..", folder))))
	}
	port := freePort(t)
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(binary, args...)
		cmd.Dir, cmd.Env = dir, []string{"PORT=" + port, "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	out, err = run("task", "db:seed").CombinedOutput()
	require.NoError(t, err, string(out))
	server := run()
	require.NoError(t, server.Start())
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	s := &site{url: "http://127.0.0.1:" + port, dir: dir}
	require.Eventually(t, func() bool {
		res, err := http.Get(s.url + "/robots.txt")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func requireChromium(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "chromium")
		t.Skip("needs chromium: apt-get install chromium")
	}
}

// browser is a fresh Chromium on the site.
type browser struct {
	t    *testing.T
	site *site
	ctx  context.Context

	mutex sync.Mutex
	noise []string // requests to another host, errors, policy violations

	reloading chan struct{} // closed when the page listens for changes
}

func openBrowser(t *testing.T, s *site) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, site: s, ctx: ctx, reloading: make(chan struct{})}
	chromedp.ListenTarget(ctx, b.listen)
	b.run(network.Enable(), log.Enable(), runtime.Enable())
	return b
}

func (b *browser) listen(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.site.url) {
			b.noise = append(b.noise, "request to "+e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.URL == b.site.url+"/dev/reload" {
			select {
			case <-b.reloading:
			default:
				close(b.reloading)
			}
		}
	case *runtime.EventExceptionThrown:
		b.noise = append(b.noise, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Source == log.SourceSecurity || e.Entry.Source == log.SourceJavascript {
			b.noise = append(b.noise, e.Entry.Text)
		}
	}
}

// requireQuiet fails on what the pages did besides being shown.
func (b *browser) requireQuiet() {
	b.t.Helper()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	require.Empty(b.t, b.noise)
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Run(b.ctx, actions...))
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.site.url + path))
}

// fill types into an empty field.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.run(chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// press presses a button and waits for the page that follows.
func (b *browser) press(selector string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(selector, chromedp.ByQuery))
	require.NoError(b.t, err)
}

// openMail follows the link in the newest mail of the development mailbox.
func (b *browser) openMail() {
	b.t.Helper()
	b.visit("/dev/mail")
	b.press(".list-group-item a")
	b.press("main pre a")
}

func (b *browser) text(selector string) (text string) {
	b.t.Helper()
	b.run(chromedp.Text(selector, &text, chromedp.ByQuery))
	return strings.TrimSpace(text)
}

func (b *browser) value(selector string) (value string) {
	b.t.Helper()
	b.run(chromedp.Value(selector, &value, chromedp.ByQuery))
	return value
}

func (b *browser) focused() (id string) {
	b.t.Helper()
	b.run(chromedp.Evaluate("document.activeElement.id", &id))
	return id
}

func (b *browser) path() string {
	b.t.Helper()
	var address string
	b.run(chromedp.Location(&address))
	u, err := url.Parse(address)
	require.NoError(b.t, err)
	return u.Path
}

func (b *browser) flashes() (texts []string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`[...document.querySelectorAll(".flashes .alert p")].map(p => p.innerText)`, &texts))
	return texts
}

func (b *browser) cookies() (list []*network.Cookie) {
	b.t.Helper()
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		list, err = network.GetCookies().Do(ctx)
		return err
	}))
	return list
}

// picture leaves screenshots to look at, narrow and wide, light and dark, and
// fails when a narrow page must be scrolled sideways.
func (b *browser) picture(name string) {
	b.t.Helper()
	require.NoError(b.t, os.MkdirAll("../screenshots", 0o755))
	for _, size := range []image.Point{{320, 640}, {1280, 800}} {
		for _, scheme := range []string{"light", "dark"} {
			var png []byte
			var overflow bool
			b.run(
				emulation.SetDeviceMetricsOverride(int64(size.X), int64(size.Y), 1, false),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
				chromedp.Evaluate("document.documentElement.scrollWidth > innerWidth", &overflow),
				chromedp.FullScreenshot(&png, 100),
			)
			require.False(b.t, overflow, "%s is wider than %d px", name, size.X)
			file := fmt.Sprintf("../screenshots/%s-%d-%s.png", name, size.X, scheme)
			require.NoError(b.t, os.WriteFile(file, png, 0o644))
		}
	}
}
