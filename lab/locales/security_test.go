package locales

import (
	"time"

	"github.com/gofrs/uuid"
)

// security is the page of an account without and with each kind of factor.
func (s *story) security() {
	s.browser().SignUp("sam@example.com")
	b := s.browser()
	b.LogIn("sam@example.com")
	s.read(b.Get("/account/security"), 200)
	now := time.Now().UTC()
	for _, kind := range []string{"passkey", "totp", "codes"} {
		id := uuid.Must(uuid.NewV7()).String()
		s.Execute(`INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, last_used_at, removed_number)
			SELECT ?, id, ?, '1', '', 0, ?, ?, 0 FROM users WHERE email = 'sam@example.com'`, id, kind, now, now)
	}
	s.Execute("UPDATE factors SET last_used_at = NULL WHERE kind = 'totp'")
	s.Execute("UPDATE users SET second_step = TRUE WHERE email = 'sam@example.com'")
	s.read(b.Get("/account/security"), 200)
	for _, kind := range []string{"totp_added", "totp_removed", "codes_added", "codes_removed", "second_step_on", "second_step_off", "code_failed", "code_used", "factor_first_used"} {
		s.Execute(`INSERT INTO activities (id, user_id, kind, ip, network, user_agent, created_at)
			SELECT ?, id, ?, '', '', '', ? FROM users WHERE email = 'sam@example.com'`, uuid.Must(uuid.NewV7()).String(), kind, now)
	}
	s.read(b.Get("/account/activity"), 200)
	s.Execute("UPDATE users SET password_digest = '' WHERE email = 'sam@example.com'")
	s.read(b.Get("/account/security"), 200)
}
