package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestEvents_SecondStepsAreLogged(t *testing.T) {
	requireEvents(t, map[string]func(s *site){
		"second step asked": func(s *site) {
			s.withSecondStep("eve@example.com")
			s.browser().logIn("eve@example.com")
		},
		"second step failed": func(s *site) {
			s.withSecondStep("eve@example.com")
			b := s.browser()
			b.logIn("eve@example.com")
			b.secondStep("wrong")
		},
	})
}

// A login that waits for its second step has no user yet: its log lines have the email's digest.
func TestEvents_SecondStepFailed(t *testing.T) {
	log := captureLog(t)
	s := newProductionSite(t)
	logTo(t, log)
	key, _ := modelstest.SetTOTP(t, modelstest.SignUp(t, "ada@example.com").Email)
	b := s.browser()
	b.logIn("ada@example.com")
	require.NoError(t, models.DB.RawQuery("UPDATE factors SET data = ? WHERE kind = ?", []byte("sealed under a removed secret"), models.FactorTOTP).Exec())
	b.secondStep(modelstest.NextCode(key))
	for _, event := range []string{"a TOTP key cannot be opened", "second step failed"} {
		require.Equal(t, models.EmailDigest("ada@example.com"), digestIn(t, log.String(), event), event)
	}
}
