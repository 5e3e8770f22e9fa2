package actions

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models/modelstest"
)

func TestNoCookies_SecondStepAsksForCookies(t *testing.T) {
	s := newSite(t)
	s.withSecondStep("bob@example.com")
	b := s.withoutCookies()
	form := url.Values{"email": {"bob@example.com"}, "password": {modelstest.Password}}
	require.Contains(t, apptest.Flashes(b.follow(b.Post("/login", form), "/login").Page)[0], needsCookies)
}
