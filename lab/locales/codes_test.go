package locales

import (
	"regexp"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/totp"
)

var (
	keyShown  = regexp.MustCompile(`id="totp-key"[^>]*>([^<]*)<`)
	codeShown = regexp.MustCompile(`<code class="recovery">([^<]*)</code>`)
)

// codes reads the pages about TOTP, recovery codes and the second step.
func (s *story) codes() {
	s.browser().SignUp("tim@example.com")
	b := s.browser()
	b.LogIn("tim@example.com")
	s.read(b.Put("/account/security/second-step", "on", "true"), 422)
	s.read(b.Post("/account/security/recovery-codes"), 422)
	b.Get("/account/security/totp")
	s.read(b.Post("/account/security/totp", "code", "wrong"), 422)
	key := s.setTOTP(b)
	page := b.Get("/account/security/recovery-codes")
	s.read(page, 200)                                              // says that TOTP was added, and shows the codes
	s.read(b.Post("/account/security/totp", "code", "wrong"), 422) // TOTP was added before
	s.read(b.Delete("/account/security/totp"), 422)

	other := s.browser()
	other.LogIn("tim@example.com")
	s.read(other.Post("/login/second", "code", "wrong"), 422)
	other.Post("/login/second", "code", codeShown.FindStringSubmatch(page.Page)[1])
	other.LogIn("tim@example.com")
	other.Post("/login/second", "code", totp.Code(key, time.Now().Add(30*time.Second)))
	s.read(b.Get("/account/security/recovery-codes"), 200) // counts the codes that are left

	b.Put("/account/security/second-step", "on", "false")
	s.read(b.Get("/account/security"), 200) // says that the second step is off
	b.Put("/account/security/second-step", "on", "true")
	s.read(b.Get("/account/security/recovery-codes"), 200) // says that the second step is on
	s.Execute(`INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, removed_number)
		SELECT ?, id, 'passkey', '1', '', 0, ?, 0 FROM users WHERE email = 'tim@example.com'`, uuid.Must(uuid.NewV7()).String(), time.Now().UTC())
	s.read(b.Get("/account/security"), 200) // with a button that removes TOTP
	s.Execute("UPDATE users SET password_digest = '' WHERE email = 'tim@example.com'")
	s.read(b.Put("/account/security/second-step", "on", "false"), 422)
	b.Delete("/account/security/totp")
	s.read(b.Get("/account/security"), 200) // says that TOTP was removed
	s.read(b.Get("/account/activity"), 200)
}
