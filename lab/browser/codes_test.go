package browser

import (
	"context"
	"encoding/base32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/internal/totp"
)

// A user sets up, uses and turns off a second step, with and without scripts.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, language := range languages(t) {
		for name, p := range map[string]person{
			"JavaScript":    {language: language, screen: wideLight, looks: true},
			"no JavaScript": {language: language, screen: narrowDark, noScript: true},
		} {
			t.Run(language+"/"+name, func(t *testing.T) { t.Parallel(); openSite(t).useCodes(t, p) })
		}
	}
}

func (s *site) useCodes(t *testing.T, p person) {
	zoe := s.signedUpAs(t, "zoe@example.com", p)
	zoe.visit("/account/security")
	zoe.see("security-without-codes")
	zoe.press(`[href="/account/security/totp"]`)
	require.Equal(t, "/account/security/totp", zoe.path())
	require.True(t, evaluate[bool](zoe.browser, `document.querySelector("main img").naturalWidth > 100`), "the QR code is shown")
	zoe.see("totp")
	key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(zoe.text("#totp-key"), " ", ""))
	require.NoError(t, err)
	zoe.fill("[name=code]", "000")
	zoe.press(`[action="/account/security/totp"] [type=submit]`)
	zoe.requireError("code")
	require.True(t, evaluate[bool](zoe.browser, element("#code-hint")+".checkVisibility()"), "beside the error")
	zoe.see("totp-error")
	zoe.fill("[name=code]", totp.Code(key, time.Now()))
	zoe.press(`[action="/account/security/totp"] [type=submit]`)
	require.Equal(t, "/account/security/recovery-codes", zoe.path())
	codes := evaluate[[]string](zoe.browser, `[...document.querySelectorAll("code.recovery")].map(code => code.textContent)`)
	require.Len(t, codes, 10)
	zoe.see("recovery-codes")
	if !p.noScript {
		zoe.selects(codes)
		zoe.copies(codes)
		zoe.downloads(codes)
		zoe.requirePrint("recovery-codes-"+zoe.language, codes[9], zoe.flashes()...)
		zoe.do("back from print", zoe.screen)
	}
	zoe.press(`main .actions [href="/account/security"]`)
	zoe.see("security-with-codes")
	zoe.press(`[href="/account/security/recovery-codes"]`)
	require.False(t, zoe.has("code.recovery"), "the codes are shown once")
	zoe.see("recovery-codes-left")

	zoe.visit("/logout")
	zoe.press(`main [action="/logout"] [type=submit]`)
	zoe.visit("/login")
	zoe.logIn(zoe.password)
	require.Equal(t, "/login/second", zoe.path())
	zoe.see("login-second")
	zoe.click("[name=skip]")
	zoe.fill("[name=code]", "000")
	zoe.press(`[action="/login/second"] [type=submit]`)
	zoe.requireError("code")
	require.True(t, evaluate[bool](zoe.browser, element("#code-hint")+".checkVisibility()"), "beside the error")
	zoe.see("login-second-error")
	zoe.fill("[name=code]", strings.ToLower(codes[0]))
	zoe.press(`[action="/login/second"] [type=submit]`)
	require.Equal(t, "/", zoe.path())
	zoe.visit("/account/security")
	zoe.press(`[action="/account/security/second-step"] [type=submit]`)
	require.Equal(t, "/account/security", zoe.path())
	zoe.see("security-second-step-off")
}

// selects presses the button that copies while the browser refuses to copy. The user can
// then copy what is selected.
func (s *story) selects(codes []string) {
	s.t.Helper()
	evaluate[bool](s.browser, `(navigator.clipboard.writeText = () => Promise.reject(new DOMException("", "NotAllowedError")), true)`)
	s.click("main .actions button")
	s.await(`getSelection().toString() !== ""`)
	require.Equal(s.t, codes, strings.Fields(evaluate[string](s.browser, `getSelection().toString()`)))
	require.Empty(s.t, s.text("main .actions [role=status]"))
	evaluate[bool](s.browser, `(getSelection().removeAllRanges(), delete navigator.clipboard.writeText)`)
}

func (s *story) copies(codes []string) {
	s.t.Helper()
	s.do("allowing the clipboard", chromedp.ActionFunc(func(ctx context.Context) error {
		info, err := target.GetTargetInfo().Do(ctx)
		if err != nil {
			return err
		}
		return cdp.GrantPermissions([]cdp.PermissionType{cdp.PermissionTypeClipboardReadWrite, cdp.PermissionTypeClipboardSanitizedWrite}).
			WithBrowserContextID(info.BrowserContextID).Do(ctx)
	}))
	s.click("main .actions button")
	s.await(`document.querySelector("main .actions [role=status]").textContent !== ""`)
	var copied string
	s.do("pasting", chromedp.Evaluate("navigator.clipboard.readText()", &copied, awaitPromise))
	s.requireSheet(codes, copied)
}

func (s *story) downloads(codes []string) {
	s.t.Helper()
	folder, done := s.t.TempDir(), make(chan string, 1)
	chromedp.ListenTarget(s.ctx, func(event any) {
		if e, ok := event.(*cdp.EventDownloadProgress); ok && e.State == cdp.DownloadProgressStateCompleted {
			done <- filepath.Join(folder, e.GUID)
		}
	})
	s.do("downloading", chromedp.ActionFunc(func(ctx context.Context) error {
		info, err := target.GetTargetInfo().Do(ctx)
		if err != nil {
			return err
		}
		return cdp.SetDownloadBehavior(cdp.SetDownloadBehaviorBehaviorAllowAndName).WithBrowserContextID(info.BrowserContextID).
			WithDownloadPath(folder).WithEventsEnabled(true).Do(ctx)
	}), s.clicks("main .actions button + button"), chromedp.ActionFunc(func(ctx context.Context) error {
		select {
		case path := <-done:
			content, err := os.ReadFile(path)
			s.requireSheet(codes, string(content))
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
}

// requireSheet requires that a text has the codes, and the account's email in its first line.
func (s *story) requireSheet(codes []string, text string) {
	s.t.Helper()
	require.True(s.t, strings.HasSuffix(text, "\n\n"+strings.Join(codes, "\n")+"\n"), text)
	require.Contains(s.t, strings.Split(text, "\n")[0], s.email)
}
