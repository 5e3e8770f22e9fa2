package models_test

import "corral/models"

func (ms *ModelSuite) Test_ChooseLanguage() {
	ada := ms.signUp("ada@example.com")
	for _, tag := range []string{"de", ""} {
		ms.NoError(ada.ChooseLanguage(ms.T().Context(), tag))
		stored, err := models.FindUserByEmail(ms.T().Context(), "ada@example.com")
		ms.NoError(err)
		ms.Equal(tag, stored.Language)
	}
}
