package actions

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

func init() {
	kindsOfEmail["taken, with a passkey"] = func(t testing.TB, email string) { addPasskeyTo(t, modelstest.SignUp(t, email)) }
	kindsOfEmail["taken, with a passkey as second step"] = func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		addPasskeyTo(t, user)
		_, err := user.TurnSecondStep(t.Context(), true, models.Client{})
		require.NoError(t, err)
	}
	kindsOfEmail["taken, without a password"] = func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		addPasskeyTo(t, user)
		_, err := user.RemovePassword(t.Context(), models.Client{})
		require.NoError(t, err)
	}
}

// addPasskeyTo adds a passkey without the pages.
func addPasskeyTo(t testing.TB, user *models.User) {
	t.Helper()
	challenge, err := user.PasskeyOptions(t.Context(), models.PasskeyNew)
	require.NoError(t, err)
	options, err := json.Marshal(challenge)
	require.NoError(t, err)
	answer := passkey.Answer(passkeytest.New(origin).Create(t, options))
	require.NoError(t, user.AddPasskey(t.Context(), answer, "", "", models.Client{}))
}
