package models_test

import (
	"corral/internal/passkey/passkeytest"
	"corral/models"
)

// Of the last two passkeys, concurrent requests can remove only one.
func (ms *ModelSuite) Test_Passkey_LastWayInUnderParallelRequests() {
	ms.signUp("ada@example.com")
	var removals []func() error
	for range 4 {
		f := ms.addPasskey(passkeytest.New(site), "ada@example.com")
		removals = append(removals, func() error {
			for {
				user := ms.user("ada@example.com")
				err := user.RemovePasskey(ms.T().Context(), f.ID.String(), here)
				if err != models.ErrBadCredentials { // another request was first
					return err
				}
			}
		})
	}
	user := ms.user("ada@example.com")
	ms.NoError(errorOf(user.RemovePassword(ms.T().Context(), here)))
	refused := 0
	for _, err := range atOnce(removals...) {
		if err != nil {
			ms.ErrorIs(err, models.ErrRefused)
			refused++
		}
	}
	ms.Equal(1, refused)
	ms.hasFactors([]string{"passkey", "codes"}, true, "one passkey is left")
}
