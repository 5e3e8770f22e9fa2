// Package browser goes through the app in Debian's Chromium as people do: the
// binary as it ships, behind a proxy that ends TLS, with mails that arrive at a
// real mail server. It leaves screenshots to look at in ../../screenshots.
package browser

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/lab/binary"
	"corral/lab/services"
)

// patience is how long a step may take before the test says what it waits for.
const patience = 30 * time.Second

// scratch is for files that all tests share.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "corral-browser-"); err != nil {
		panic(err)
	}
	code := binary.Run(m)
	quit.Range(func(_, cancel any) bool { cancel.(context.CancelFunc)(); return true })
	os.RemoveAll(scratch)
	os.Exit(code)
}

// certificate is that of every server on this machine that the tests start.
var certificate = sync.OnceValue(func() *services.Certificate {
	c, err := services.NewCertificate(scratch)
	if err != nil {
		panic(err)
	}
	return c
})

// quit ends what was started.
var quit sync.Map // of functions, by program

// Each is one process for all tests, each of which has a profile of its own in it.
var (
	chromium = sync.OnceValues(func() (context.Context, error) { return launch(quickest()) })
	windowed = sync.OnceValues(func() (context.Context, error) { return launch("chromium") })
)

func launch(program string) (context.Context, error) {
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromiumFlags(program)...)
	quit.Store(program, cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	defer time.AfterFunc(2*patience, cancel).Stop() // Run's own deadline would end the browser later
	return ctx, chromedp.Run(ctx)
}

// quickest is Chromium without windows, where it is installed. It takes two
// thirds of the time, but keeps no page to go back to. What Debian has in PATH is
// a script that would die alone, and leave it behind.
func quickest() string {
	for _, program := range []string{"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell"} {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	return "chromium"
}

func chromiumFlags(program string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors-spki-list", certificate().Fingerprint),
		chromedp.WSURLReadTimeout(patience))
}

func requireChromium(t *testing.T, p person) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		require.False(t, services.Required("chromium"))
		t.Skip("needs chromium: apt-get install chromium")
	}
	start := chromium
	if p.goesBack && quickest() != "chromium" {
		start = windowed
	}
	ctx, err := start()
	require.NoError(t, err, "Chromium does not start")
	require.NoError(t, ctx.Err(), "Chromium has ended")
	return ctx
}
