package grifts

import (
	"fmt"

	"corral/config"
	"corral/internal/factor"
	"corral/internal/passkey"
	"corral/models"
)

// checkHost fails if HOST was changed since the newest passkey was made.
func checkHost(c config.Config) (string, error) {
	if models.DB != nil {
		made, err := factor.NewestPasskeyHost(models.DB)
		// Ignore err: without a schema, checkMigrations reports it.
		if host := c.Host.Hostname(); err == nil && made != "" && made != host {
			return "", fmt.Errorf("passkeys were made for %s and do not work under %s: set HOST back, or tell their owners to log in with another factor and to add new ones", made, host)
		}
	}
	if reason := passkey.Unusable(c.Host); reason != "" {
		return c.Host.String() + ". " + text(reason), nil
	}
	return c.Host.String(), nil
}
