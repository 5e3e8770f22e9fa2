// Package browser tests the production app with Debian's Chromium, behind a TLS proxy
// and with a mail server. It writes screenshots to ../../screenshots.
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

// patience is the deadline of a step.
const patience = 30 * time.Second

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

var certificate = sync.OnceValue(func() *services.Certificate {
	c, err := services.NewCertificate(scratch, siteName)
	if err != nil {
		panic(err)
	}
	return c
})

var quit sync.Map // functions that end a browser, by program

// All tests share these browsers. Each test has its own profile.
var (
	chromium      = sync.OnceValues(func() (context.Context, error) { return launch(quickest()) })
	wholeChromium = sync.OnceValues(func() (context.Context, error) { return launch("chromium") })
)

func launch(program string) (context.Context, error) {
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromiumFlags(program)...)
	quit.Store(program, cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	defer time.AfterFunc(2*patience, cancel).Stop() // a deadline for Run alone: one in ctx would end the browser later
	return ctx, chromedp.Run(ctx)
}

// quickest returns the headless shell of Chromium, if it is installed. The shell takes two
// thirds of the time, but keeps no pages for Back. Its own path comes first: Debian's
// script in PATH would leave Chromium running.
func quickest() string {
	for _, program := range []string{"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell"} {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	return "chromium"
}

// plainName is a name of this machine under which browsers do not trust plain http.
const plainName = "corral.test"

// siteName is the host of the production site. It is no IP, under which browsers refuse
// passkeys.
const siteName = "login.corral.test"

func chromiumFlags(program string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP "+plainName+" 127.0.0.1, MAP "+siteName+" 127.0.0.1"),
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
	if p.wholeChromium && quickest() != "chromium" {
		start = wholeChromium
	}
	ctx, err := start()
	require.NoError(t, err, "Chromium does not start")
	require.NoError(t, ctx.Err(), "Chromium has ended")
	return ctx
}
