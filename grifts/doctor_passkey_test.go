package grifts

import (
	"net/url"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/internal/passkey"
	"corral/models"
	"corral/models/modelstest"
)

func TestDoctor_HostWithoutPasskeys(t *testing.T) {
	modelstest.Empty(t)
	for host, want := range map[string]string{
		"login.example.com": "https://login.example.com",
		"192.0.2.7":         "https://192.0.2.7. Passkeys are off: the address of this site is an IP address, and browsers need a name.",
	} {
		said, err := checkHost(config.Config{Host: &url.URL{Scheme: "https", Host: host}})
		require.NoError(t, err)
		require.Equal(t, want, said)
	}
}

func TestDoctor_HostChanged(t *testing.T) {
	modelstest.Empty(t)
	ada := modelstest.SignUp(t, "ada@example.com")
	under := func(host string) (string, error) {
		return checkHost(config.Config{Host: &url.URL{Scheme: "https", Host: host}})
	}
	_, err := under("login.example.com")
	require.NoError(t, err, "there is no passkey")
	for i, host := range []string{"old.example.com", "login.example.com"} {
		require.NoError(t, models.DB.Create(&models.Factor{ID: uuid.Must(uuid.NewV7()), UserID: ada.ID, Kind: models.FactorPasskey,
			CredentialID: []byte{byte(i)}, Data: passkey.Credential{RPID: host}.Encode(), CreatedAt: time.Now()}))
		_, err = under("login.example.com:8443")
		if host == "old.example.com" {
			require.EqualError(t, err, "passkeys were made for old.example.com and do not work under login.example.com: "+
				"set HOST back, or tell their owners to log in with another factor and to add new ones")
			_, err = under("old.example.com")
		}
		require.NoError(t, err)
	}
}
