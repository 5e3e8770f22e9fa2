package env_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

func TestCookieName(t *testing.T) {
	require.Equal(t, "__Host-corral", env.CookieName(env.Production, "0.0.0.0:3000", "corral"))
	require.Equal(t, "corral-4111", env.CookieName(env.Development, "127.0.0.1:4111", "corral"))
	require.Equal(t, "corral", env.CookieName(env.Test, "127.0.0.1:3000", "corral"))
}
