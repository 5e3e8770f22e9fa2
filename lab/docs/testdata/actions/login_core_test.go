package actions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// Package docs compares the coverage of these two tests: the code of a login runs in the
// second but not in the first.

func TestLoginCore_Before(t *testing.T) { beforeLogin(t) }

func TestLoginCore_Login(t *testing.T) {
	b := beforeLogin(t)
	require.Equal(t, "/", b.logIn("ada@example.com").Location())
	require.Equal(t, 200, b.Get("/").StatusCode)
}

func beforeLogin(t *testing.T) *browser {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	models.Clock.Move(2 * time.Hour) // an hour after sign-up, mails about new browsers begin
	return s.browser()
}
