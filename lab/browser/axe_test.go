package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

var axeSource = sync.OnceValue(func() string {
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return ""
	}
	return string(source)
})

// axe returns the violations that axe-core finds. The script runs in an isolated world,
// so that the page's content security policy stays in force.
func (b *browser) axe() (violations []string) {
	b.t.Helper()
	if axeSource() == "" {
		return nil // without axe-core, TestAxe_FindsMissingLabels is skipped
	}
	b.do("asking axe", chromedp.ActionFunc(func(ctx context.Context) error {
		frame := chromedp.FromContext(ctx).Target.TargetID
		world, err := page.CreateIsolatedWorld(cdp.FrameID(frame)).WithWorldName("axe").Do(ctx)
		if err != nil {
			return err
		}
		there, _, err := runtime.Evaluate("typeof axe").WithContextID(world).Do(ctx)
		if err != nil {
			return err
		}
		ask := runtime.Evaluate(axeSource() + axeRun)
		if string(there.Value) == `"object"` { // an earlier call has defined axe
			ask = runtime.Evaluate(axeRun)
		}
		result, thrown, err := ask.WithContextID(world).WithAwaitPromise(true).WithReturnByValue(true).Do(ctx)
		if err != nil {
			return err
		}
		if thrown != nil {
			return fmt.Errorf("%s", thrown.Error())
		}
		return json.Unmarshal(result.Value, &violations)
	}))
	return violations
}

// axeRun applies the rules of WCAG 2.2 AA and axe's best practices.
const axeRun = `
;axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html + " " + n.failureSummary)))`

func TestAxe_FindsMissingLabels(t *testing.T) {
	t.Parallel()
	if axeSource() == "" {
		require.False(t, services.Required("axe"))
		t.Skip("needs axe-core: npm ci --prefix lab/browser")
	}
	b := openBrowser(t, openSite(t), person{})
	b.visit("/login")
	require.Empty(t, b.axe())
	evaluate[any](b, `document.querySelector("label[for=email]").remove()`)
	require.Contains(t, b.axe()[0], "label: Form elements must have labels")
}
