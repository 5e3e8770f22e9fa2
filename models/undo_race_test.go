package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

// A login that read the account before an undo must not mail the lost email a link that
// undoes the undo.
func (ms *ModelSuite) Test_Undo_EndsLoginsUnderWay() {
	for range 6 {
		modelstest.Empty(ms.T())
		ctx := ms.T().Context()
		ms.signUp("ada@example.com")
		ms.addFactor("passkey")
		ms.turnSecondStep(true)
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
		works, err := ms.DB.Where("email = ? AND redeemed = ?", "eve@example.com", false).Count(&models.Token{})
		ms.NoError(err)
		ms.Zero(works)
	}
}
