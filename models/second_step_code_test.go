package models_test

import (
	"slices"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) passWith(client models.Client, code string) {
	step, err := models.FindSecondStep(ms.T().Context(), client)
	ms.NoError(err)
	ms.NoError(errorOf(step.Pass(ms.T().Context(), code, false, client)))
}

func (ms *ModelSuite) withSecondStep() (codes []string) {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	_, codes = modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.deliver()
	return codes
}

// The second step of a reset ends with the mailed link, before and after it was passed.
func (ms *ModelSuite) Test_ResetStep_EndsWithTheLink() {
	ctx := ms.T().Context()
	codes := ms.withSecondStep()
	for _, passed := range []bool{false, true} {
		token, err := models.FindReset(ctx, ms.requestReset("ada@example.com"))
		ms.NoError(err)
		models.Clock.Move(58 * time.Minute)
		step, err := models.FindResetStep(ctx, token, here)
		ms.NoError(err)
		client := here
		if client.RawSecondStep = step.Raw(); passed {
			step, err = models.FindSecondStep(ctx, client)
			ms.NoError(err)
			ms.NoError(errorOf(step.Pass(ctx, codes[0], false, client)))
			client.RawSecondStep = step.Raw()
		}
		_, err = models.FindSecondStep(ctx, client)
		ms.NoError(err)
		models.Clock.Move(2 * time.Minute)
		_, err = models.FindSecondStep(ctx, client)
		ms.ErrorIs(err, models.ErrNotFound)
	}
}

func (ms *ModelSuite) Test_NotPassed_IsMailedAfterFiveMinutes() {
	ms.withSecondStep()
	ms.passPassword(here)
	models.Clock.Move(5*time.Minute - time.Second)
	ms.Empty(ms.deliver())
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailNotPassed)
	models.Clock.Move(time.Second)
	ms.Equal([]string{models.MailNotPassed}, ms.deliver())
	found, err := models.FindNotMe(ms.T().Context(), link)
	ms.NoError(err)
	ms.Equal(&models.NotMe{UserID: ms.user("ada@example.com").ID, Email: "ada@example.com", Template: models.MailNotPassed}, found, "the link undoes changes after the login: none yet")
}

func (ms *ModelSuite) Test_NotPassed_PassingCancelsTheMail() {
	codes := ms.withSecondStep()
	tokens := ms.count("tokens")
	ms.passWith(ms.passPassword(here), codes[0])
	models.Clock.Move(time.Hour)
	ms.NotContains(ms.deliver(), models.MailNotPassed)
	ms.Equal(tokens+1, ms.count("tokens"), "the link of the mail that a recovery code was used")
}

// Only the second step of the same login cancels the mail.
func (ms *ModelSuite) Test_NotPassed_OtherLoginKeepsTheMail() {
	codes := ms.withSecondStep()
	ms.passPassword(clientAt("198.51.100.1"))
	ms.passWith(ms.passPassword(here), codes[0])
	models.Clock.Move(time.Hour)
	ms.Contains(ms.deliver(), models.MailNotPassed)
}

// A further login of the same browser queues no second mail and does not postpone the first.
func (ms *ModelSuite) Test_NotPassed_FurtherLoginOfABrowserKeepsTheMail() {
	codes := ms.withSecondStep()
	client := ms.passPassword(here)
	models.Clock.Move(4 * time.Minute)
	client = ms.passPassword(client)
	models.Clock.Move(59 * time.Second)
	ms.passWith(client, codes[0])
	models.Clock.Move(time.Hour)
	ms.NotContains(ms.deliver(), models.MailNotPassed)

	client = ms.passPassword(here)
	for range 2 {
		models.Clock.Move(150 * time.Second)
		client = ms.passPassword(client)
	}
	ms.Equal([]string{models.MailNotPassed}, ms.deliver(), "five minutes after the first")
	ms.Equal(2, ms.mailsOf(models.MailNotPassed), "the login after five minutes has a mail of its own")
}

// An attacker passes after the mail that an earlier login of the browser caused. The mail's link
// goes on to work.
func (ms *ModelSuite) Test_NotPassed_LaterPassKeepsTheLink() {
	codes := ms.withSecondStep()
	client := ms.passPassword(here)
	models.Clock.Move(4 * time.Minute)
	client = ms.passPassword(client)
	link := modelstest.Link(ms.T(), "ada@example.com", models.MailNotPassed)
	models.Clock.Move(time.Minute)
	ms.Equal([]string{models.MailNotPassed}, ms.deliver())
	models.Clock.Move(3 * time.Minute)
	ms.passWith(client, codes[0])
	ms.NoError(errorOf(models.FindNotMe(ms.T().Context(), link)))
}

// A login that waits at one account must not suppress the mail of another account.
func (ms *ModelSuite) Test_NotPassed_IsOfOneAccount() {
	ms.withSecondStep()
	ms.signUp("bob@example.com")
	modelstest.SetTOTP(ms.T(), "bob@example.com")
	client := here
	_, step, err := models.LogIn(ms.T().Context(), models.Credentials{Email: "bob@example.com", Password: modelstest.Password, Client: client}, false)
	ms.NoError(err)
	client.RawSecondStep = step.Raw()
	ms.passPassword(client)
	ms.Equal(2, ms.mailsOf(models.MailNotPassed))
}

// A login to another account in the same browser does not cancel the mail.
func (ms *ModelSuite) Test_NotPassed_LoginToAnotherAccountKeepsTheMail() {
	ms.withSecondStep()
	ms.signUp("eve@example.com")
	ms.NoError(errorOf(ms.logIn("eve@example.com", modelstest.Password, ms.passPassword(here))))
	models.Clock.Move(5 * time.Minute)
	ms.Contains(ms.deliver(), models.MailNotPassed)
}

// Prevents a flood by a client with the right password: only a few mails and tokens are stored.
func (ms *ModelSuite) Test_NotPassed_AtMostTenAnHour() {
	codes := ms.withSecondStep()
	tokens, client := ms.count("tokens"), here
	for range 12 {
		client = ms.passPassword(here)
	}
	ms.Equal(10, ms.mailsOf(models.MailNotPassed))
	ms.Equal(tokens+10, ms.count("tokens"))
	ms.passWith(client, codes[0])
	models.Clock.Move(time.Hour)
	ms.Equal([]string{models.MailNotPassed}, slices.DeleteFunc(ms.deliver(), func(template string) bool { return template != models.MailNotPassed }))
	ms.passPassword(here)
	ms.Equal(11, ms.mailsOf(models.MailNotPassed))
}

// The logins of an owner, who passes each, leave the mail about a login of an attacker.
func (ms *ModelSuite) Test_NotPassed_IsMailedAfterManyPassed() {
	for _, code := range ms.withSecondStep() {
		ms.passWith(ms.passPassword(here), code)
	}
	ms.Zero(ms.mailsOf(models.MailNotPassed))
	for range 12 {
		ms.passPassword(clientAt("198.51.100.1"))
	}
	ms.Equal(10, ms.mailsOf(models.MailNotPassed), "the attacker, who does not pass, gets no more")
}

func (ms *ModelSuite) Test_NotPassed_OnceADay() {
	ms.withSecondStep()
	for range 20 {
		ms.passPassword(here)
	}
	models.Clock.Move(5 * time.Minute)
	ms.Equal([]string{models.MailNotPassed}, ms.deliver())
	for range 3 {
		models.Clock.Move(7 * time.Hour)
		ms.passPassword(here)
		models.Clock.Move(5 * time.Minute)
		ms.Empty(ms.deliver())
	}
	models.Clock.Move(3 * time.Hour)
	ms.passPassword(here)
	models.Clock.Move(5 * time.Minute)
	ms.Equal([]string{models.MailNotPassed}, ms.deliver(), "a day later")
}
