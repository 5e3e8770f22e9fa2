package actions

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEvents_PasskeysAreLogged(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"passkey refused":  func(s *site) { s.browser().PostJSON("/login/passkey", "{}") },
		"passkey added":    func(s *site) { s.withPasskey("eve@example.com") },
		"passkey changed":  func(s *site) { s.removesPasskey() },
		"password removed": func(s *site) { b, _ := s.withPasskey("eve@example.com"); b.Delete("/account/password", nil) },
	})
}

func (s *site) removesPasskey() {
	b, _ := s.withPasskey("eve@example.com")
	b.Delete(passkeysPath+"/"+newestPasskeyOf(s.t, "eve@example.com"), nil)
}

// Odd answers are accepted: some honest authenticators have no counter, or change their flags.
func TestEvents_OddPasskeys(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	logTo(t, log)
	_, a := s.withPasskey("ada@example.com")
	uses := func() (events []string) {
		before := len(log.String())
		requireLocation(t, s.browser().usesPasskey("/login/passkey", a), 200, "/")
		return eventsIn(t, log.String()[before:])
	}
	plain := uses()
	require.NotContains(t, plain, "passkey counter stuck")
	require.NotContains(t, plain, "passkey backup changed")
	a.CounterStuck = true
	require.Contains(t, uses(), "passkey counter stuck")
	a.CounterStuck, a.BackupEligible = false, true
	require.Contains(t, uses(), "passkey backup changed")
	require.NotContains(t, uses(), "passkey backup changed")
}
