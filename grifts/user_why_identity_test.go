package grifts

import (
	"testing"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
)

func TestUserWhy_Identities(t *testing.T) {
	at := nulls.NewTime(time.Now())
	said := explained(t, &models.Findings{
		User:       &models.User{},
		Identities: []models.Identity{{Issuer: "https://accounts.example.com", Subject: "1", LastUsedAt: at}},
	}, config.Config{})
	require.Contains(t, said, "It has no password: its identities log in, if their providers are configured.\n")
	require.Contains(t, said, "  identity “1” of https://accounts.example.com, linked T with no email, last used T\n")
}
