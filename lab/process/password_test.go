package process

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

// The app's own tests hash with cheaper parameters, which must not ship.
func TestPassword_IsHashedWithOWASPsMinimum(t *testing.T) {
	for env, open := range map[string]func(testing.TB, ...string) *site.Site{"development": site.Open, "production": site.OpenProduction} {
		s := open(t)
		s.SignUp("ada@example.com")
		var digest string
		require.NoError(t, s.DB.QueryRow("SELECT password_digest FROM users").Scan(&digest))
		require.Contains(t, digest, "$argon2id$v=19$m=19456,t=2,p=1$", env)
	}
}
