package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// A login that read the account before an undo must not send the attacker's email a link that
// undoes the undo.
func (ms *ModelSuite) Test_Undo_ConcurrentLoginsMailNoLink() {
	for range 6 { // in one of these, a login should read the account before the undo
		modelstest.Empty(ms.T())
		ctx := ms.T().Context()
		ms.signUp("ada@example.com")
		ms.addFactor("passkey")
		ms.turnSecondStep(true) // then logins mail links
		ms.changeEmail(ms.user("ada@example.com"), "eve@example.com")
		link := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
		all := []func() error{func() error { return models.Undo(ctx, link, here) }}
		for n := range 8 {
			all = append(all, func() error {
				_, _, err := models.LogIn(ctx, models.Credentials{Email: "eve@example.com", Password: modelstest.Password, Client: clientAt(nthIP(n))}, false)
				return err
			})
		}
		ms.NoError(atOnce(all...)[0])
		links, err := ms.DB.Where("email = ? AND redeemed = ?", "eve@example.com", false).Count(&models.Token{})
		ms.NoError(err)
		ms.Zero(links)
	}
}
