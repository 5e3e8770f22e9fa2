package models_test

func (ms *ModelSuite) Test_ChooseLanguage() {
	ada := ms.signUp("ada@example.com")
	for _, tag := range []string{"de", ""} {
		ms.NoError(ada.ChooseLanguage(ms.T().Context(), tag))
		ms.Equal(tag, ms.user("ada@example.com").Language)
	}
}
