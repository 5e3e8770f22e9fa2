package models_test

import (
	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) Test_Enrolment_LinkWorksOnce() {
	ctx := ms.T().Context()
	ada := ms.signUp("ada@example.com")
	s, err := models.StartSession(ctx, ada, here, models.Session{})
	ms.NoError(err)
	ms.NoError(models.MailEnrolment(ctx, "ada@example.com"))
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailEnrol)
	ms.NoError(s.Enrol(ctx, link))
	ms.ErrorIs(s.Enrol(ctx, link), models.ErrNotFound)
	found, err := ms.find(s.RawToken)
	ms.NoError(err)
	ms.True(found.MayEnrol)
}

func (ms *ModelSuite) Test_Explain_LimitedMailsOfLogins() {
	ms.signUp("ada@example.com")
	for range 4 {
		ms.NoError(models.MailEnrolment(ms.T().Context(), "ada@example.com"))
	}
	ms.Equal([]string{models.MailEnrol}, ms.explain("ada@example.com").LimitedMails)
}
