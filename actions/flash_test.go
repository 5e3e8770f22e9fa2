package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models/modelstest"
)

// Redirects and error pages do not consume it.
func TestFlash_ShownOnce(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.Equal(t, "/", b.Get("/login").Location(), "guests only")
	require.Equal(t, 404, b.Get("/nothing").StatusCode)
	require.Equal(t, []string{"You were logged in."}, apptest.Flashes(b.Get("/").Page))
	require.Empty(t, apptest.Flashes(b.Get("/").Page))
}
