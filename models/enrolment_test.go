package models_test

import (
	"corral/config"
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
	found, err := ms.find(s.RawSessionToken)
	ms.NoError(err)
	ms.True(found.MayEnrol)
}

func (ms *ModelSuite) Test_Enrolment_SessionEndedMeanwhile() {
	ctx := ms.T().Context()
	s := ms.found(ms.signUp("ada@example.com"))
	ms.NoError(models.MailEnrolment(ctx, "ada@example.com"))
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailEnrol)
	_, err := models.EndSessionsOf(ctx, ms.user("ada@example.com"))
	ms.NoError(err)
	ms.ErrorIs(s.Enrol(ctx, link), models.ErrBadCredentials)
	ms.NoError(ms.found(ms.user("ada@example.com")).Enrol(ctx, link))
}

// A reset deletes the mailed links, and Enrol redeems one: the next login mails a new one.
func (ms *ModelSuite) Test_Enrolment_LinkAfterTheLimit() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	for name, end := range map[string]func(link string) error{
		"reset": func(string) error {
			return errorOf(models.ResetPassword(ctx, ms.requestReset("ada@example.com"), "an entirely new set of words", here))
		},
		"enrolment": func(link string) error {
			s, err := models.StartSession(ctx, ms.user("ada@example.com"), here, models.Session{})
			ms.NoError(err)
			return s.Enrol(ctx, link)
		},
	} {
		for range 4 {
			ms.NoError(models.MailEnrolment(ctx, "ada@example.com"))
		}
		ms.Equal([]string{models.MailEnrol}, ms.explain("ada@example.com").LimitedMails, name)
		used := modelstest.Link(ms.T(), "ada@example.com", models.MailEnrol)
		ms.NoError(end(used), name)
		ms.NoError(models.MailEnrolment(ctx, "ada@example.com"))
		link := modelstest.Link(ms.T(), "ada@example.com", models.MailEnrol)
		ms.NotEqual(used, link, name)
		s, err := models.StartSession(ctx, ms.user("ada@example.com"), here, models.Session{})
		ms.NoError(err)
		ms.NoError(s.Enrol(ctx, link), name)
	}
}

// When the second step is turned on, sessions that wait for the user to enrol end, but not one
// that used a factor.
func (ms *ModelSuite) Test_Enrolment_KeepsASessionThatUsedAFactor() {
	ms.configure(func(c *config.Config) { c.SecondStepRequired = true })
	waiting := ms.start(ms.signUp("ada@example.com"), false)
	used := ms.loggedInBy(ms.addFactor("passkey"))
	ms.turnSecondStep(true)
	ms.ErrorIs(errorOf(ms.find(waiting)), models.ErrNotFound)
	ms.reloaded(used)
}
