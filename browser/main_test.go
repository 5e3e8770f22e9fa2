// Package browser goes through the app in Debian's Chromium as people do: the
// binary as it ships, behind a proxy that ends TLS, with mails that arrive at a
// real mail server. It leaves screenshots to look at in ../screenshots.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	_ "corral/actions" // go test counts a result as known until something changes that is compiled in
	_ "corral/grifts"
)

// patience is how long a step may take before the test says what it waits for.
const patience = 30 * time.Second

// scratch holds the binary, for as long as the tests run.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "corral-browser-"); err != nil {
		panic(err)
	}
	code := m.Run()
	quitChromium()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// binary is the app, built once for all tests.
var binary = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(scratch, "corral")
	if out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// quitChromium ends the process, if one was started.
var quitChromium = func() {}

// chromium is one process for all tests, each of which has a profile of its own in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	ctx, quit := chromedp.NewExecAllocator(context.Background(), chromiumFlags()...)
	quitChromium = quit
	ctx, cancel := chromedp.NewContext(ctx)
	defer time.AfterFunc(2*patience, cancel).Stop() // Run's own deadline would end the browser later
	return ctx, chromedp.Run(ctx)
})

func chromiumFlags() []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors-spki-list", certificate().fingerprint),
		chromedp.WSURLReadTimeout(patience))
}

func requireChromium(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		require.NotContains(t, os.Getenv("CORRAL_REQUIRE"), "chromium")
		t.Skip("needs chromium: apt-get install chromium")
	}
	ctx, err := chromium()
	require.NoError(t, err, "Chromium does not start")
	require.NoError(t, ctx.Err(), "Chromium has ended")
	return ctx
}
