package config

import (
	"path/filepath"

	"corral/internal/database"
	"corral/internal/secret"
	"corral/internal/web"
)

func (e *reader) sessionSecrets(environment string) []string {
	list := e.Secrets("SESSION_SECRET", "set it to the output of `corral task secret`")
	switch {
	case len(list) > 0:
		return list
	case e.Faulty("SESSION_SECRET"), e.Faulty("GO_ENV"):
		return nil // has a fault already
	case e.testing:
		return []string{secret.New()}
	case environment == Development:
		return e.developmentSecret()
	default:
		e.Fault("SESSION_SECRET", "SESSION_SECRET is missing: set it to the output of `corral task secret`")
		return nil
	}
}

// developmentSecret is kept in a file: sessions survive a restart.
func (e *reader) developmentSecret() []string {
	value, err := secret.Keep(filepath.Join(e.dir, "storage", "development.secret"), !e.task)
	if err != nil {
		e.Fault("SESSION_SECRET", "%v", err)
	}
	return []string{value}
}

func (e *reader) refuseUnsafe(c Config) {
	if e.dotenv {
		e.Fault(".env", "there is a .env file beside the app: its values would replace the real environment; remove it")
	}
	verified := e.OneOf("DATABASE_TLS", "verified", "off") == "verified" && !e.Faulty("DATABASE_URL")
	if err := database.CheckTLS(c.DatabaseURL); verified && err != nil {
		e.Fault("DATABASE_TLS", "%v; DATABASE_TLS=off accepts that", err)
	}
	if err := database.CheckPrivate(c.DatabaseURL); err != nil {
		e.Fault("DATABASE_URL", "DATABASE_URL: %v", err)
	}
	if len(c.TrustedProxies) == 0 && !c.TLS() && !web.AllUnix(c.Sockets) && !e.Faulty("TRUSTED_PROXIES") && !e.Faulty("TLS_CERT_FILE") {
		e.Fault("TRUSTED_PROXIES", "nothing ends TLS: set TRUSTED_PROXIES to the proxy's network, or TLS_CERT_FILE and TLS_KEY_FILE")
	}
	if c.SMTP == nil && !e.Faulty("SMTP_URL") {
		e.Fault("SMTP_URL", "SMTP_URL is missing: users could not reset a password")
	}
}
