package models_test

import (
	"encoding/json"

	"corral/models"
)

// A handler that a developer adds may answer with current_user as JSON.
func (ms *ModelSuite) Test_User_JSONHasNoSecrets() {
	ms.signUp("ada@example.com")
	ada := ms.user("ada@example.com")
	ms.True(ada.HasPassword())
	for _, row := range []any{ada, models.Session{TokenDigest: []byte("digest of a token"), User: ada}} {
		encoded, err := json.Marshal(row)
		ms.NoError(err)
		ms.Contains(string(encoded), "ada@example.com")
		for _, secret := range []string{"argon2", "Digest", "CredentialVersion"} {
			ms.NotContains(string(encoded), secret)
		}
	}
}
