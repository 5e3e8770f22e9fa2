package actions

import "testing"

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
