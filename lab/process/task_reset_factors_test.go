package process

import (
	"encoding/base32"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/totp"
)

var totpKey = regexp.MustCompile(`id="totp-key"[^>]*>([A-Z2-7 ]+)<`)

func TestTask_ResetFactors(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		dir, env := t.TempDir(), []string{database}
		passwords := seed(t, dir, env...)
		p := start(t, dir, env...)
		logIn := func() (home int) {
			b := p.browser()
			require.Equal(t, 303, p.logIn(b, "ada@example.com", passwords["ada@example.com"]))
			return p.home(b)
		}
		ada := p.browser()
		p.logIn(ada, "ada@example.com", passwords["ada@example.com"])
		key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(totpKey.FindStringSubmatch(p.page(ada, "/account/security/totp"))[1], " ", ""))
		require.NoError(t, err)
		_, location := p.send(ada, "/account/security/totp", map[string][]string{"code": {totp.Code(key, time.Now())}})
		require.Equal(t, "/account/security/recovery-codes", location)
		require.Equal(t, 302, logIn(), "the second step is missing")

		require.Contains(t, task(t, dir, env, "user:reset-factors", " Ada@Example.com "), "The factors of ada@example.com will be removed at 20")
		page := p.page(p.browser(), "/dev/mail")
		require.Contains(t, page, "Your passkeys and codes will be removed in 24 hours")
		require.Equal(t, 302, logIn(), "the factors are not removed yet")
		require.Contains(t, task(t, dir, env, "user:reset-factors", "ada@example.com", "--now"), "The factors of ada@example.com were removed")
		require.Equal(t, 200, logIn())
		for _, email := range []string{"ada@example.com", "bob@example.com"} {
			require.Contains(t, refusal(t, dir, env, "task", "user:reset-factors", email), email+" has no factors to remove, and its second step is off")
		}
		require.Equal(t, "\"--later\" is not --now\n", refusal(t, dir, env, "task", "user:reset-factors", "ada@example.com", "--later"))
	})
}
