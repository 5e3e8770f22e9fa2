package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Other tests fail if the browser makes noise, so the noise must be noticed.
func TestNoise_IsNoticed(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, openSite(t), person{noisy: true})
	b.visit("/welcome")
	b.requireQuiet()
	for _, noise := range []struct{ js, heard string }{
		{`document.body.append(Object.assign(new Image(), {src: "/nothing.png"}))`, "404"},
		{`setTimeout(() => { throw new Error("thrown") })`, "thrown"},
		{`console.warn("warned")`, "warned"},
		{`document.body.setAttribute("style", "color: red")`, "policy violated: style-src"},
		{`document.body.append(Object.assign(new Image(), {src: "https://example.com/spy.png"}))`, "policy violated: img-src https://example.com"},
		{`location = "http://127.0.0.1:1/"`, "request to http://127.0.0.1:1/"},
	} {
		evaluate[any](b, noise.js+"; null")
		require.Eventually(t, func() bool { return b.hears(noise.heard) }, patience, 10*time.Millisecond, noise.heard)
	}
}

func (b *browser) hears(text string) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return strings.Contains(strings.Join(b.noise, "\n"), text)
}
