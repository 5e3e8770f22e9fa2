package models_test

import (
	"net/netip"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) findOut(email string) *models.Findings {
	f, err := models.FindOut(ms.T().Context(), email)
	ms.NoError(err)
	return f
}

func (ms *ModelSuite) Test_FindOut() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	device := ms.deviceOf(ada, "")
	for n := range 6 {
		ms.wait("ada@example.com", client(n))
	}
	for range 6 {
		models.Clock.Move(time.Microsecond)
		_, err := ms.logIn("ada@example.com", "wrong", models.Origin{Client: netip.MustParseAddr("192.0.2.7"), RawDevice: device})
		ms.Error(err)
	}
	for range 3 {
		ms.NoError(models.RequestReset(ms.T().Context(), "ada@example.com", "", models.Origin{}))
		models.Clock.Move(time.Microsecond)
	}
	f := ms.findOut("ada@example.com")
	ms.Equal(ada.ID, f.User.ID)
	ms.Equal(5, f.Tries)
	ms.InDelta(float64(time.Second), float64(f.Throttled.RetryAfter), float64(time.Second))
	ms.Len(f.Devices, 1)
	ms.NotNil(f.Devices[0])
	ms.Len(f.Failures, 5, "the newest")
	for _, failure := range f.Failures {
		ms.Equal("192.0.2.7", failure.Address)
	}
	ms.Len(f.Sessions, 1)
	ms.Len(f.Mails, 3)
	ms.True(f.Mails[0].CreatedAt.After(f.Mails[1].CreatedAt))
	ms.Equal([]string{models.MailReset}, f.NoMail)
	ms.Len(f.Tokens, 1)
	ms.Empty(f.Similar)
	ms.Nil(f.Reserved())
}

func (ms *ModelSuite) Test_FindOut_NothingWrong() {
	ada := ms.signUp("ada@example.com")
	ms.deviceOf(ada, "")
	f := ms.findOut("ada@example.com")
	ms.Zero(f.Tries)
	ms.Nil(f.Throttled)
	ms.Equal([]*models.Throttled{nil}, f.Devices)
	ms.Empty(f.Failures)
	ms.Empty(f.Tokens)
	ms.Empty(f.NoMail)
	models.Clock.Move(181 * day)
	f = ms.findOut("ada@example.com")
	ms.Empty(f.Devices)
	ms.Empty(f.Sessions)
}

func (ms *ModelSuite) Test_FindOut_HundredInARow() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ada.UseUpTries(ms.T().Context()))
	ms.NoError(ada.UseUpTries(ms.T().Context()))
	models.Clock.Move(80 * day)
	f := ms.findOut("ada@example.com")
	ms.Equal(100, f.Tries)
	ms.True(f.Throttled.UntilReset)
	ms.NoError(ada.SetPassword(ms.T().Context(), modelstest.Password))
	ms.Nil(ms.findOut("ada@example.com").Throttled)
}

// A slip of the finger: the account is another, one letter away.
func (ms *ModelSuite) Test_FindOut_Similar() {
	ms.signUp("ada@example.com")
	ms.signUp("adah@example.com")
	ms.signUp("bob@example.com")
	for typed, want := range map[string][]string{
		"ad@example.com":    {"ada@example.com"},
		"aad@example.com":   {"ada@example.com"},
		"adaa@example.com":  {"ada@example.com", "adah@example.com"},
		"ads@example.com":   {"ada@example.com"},
		"ada@exmaple.com":   {"ada@example.com"},
		"ada@example.co":    {"ada@example.com"},
		"bob@example.comm":  {"bob@example.com"},
		"bob+@example.com":  {"bob@example.com"},
		"carol@example.com": nil,
	} {
		f := ms.findOut(typed)
		ms.Nil(f.User)
		ms.Equal(want, f.Similar, typed)
	}
}

func (ms *ModelSuite) Test_FindOut_ReservedAddress() {
	ada := ms.signUp("ada@example.com")
	ms.move(ada, "ada@example.org")
	f := ms.findOut("ada@example.com")
	ms.Nil(f.User)
	ms.WithinDuration(models.Clock.Now().Add(7*day), f.Reserved().ExpiresAt, time.Minute)
	f = ms.findOut("ada@example.org")
	ms.Nil(f.Reserved(), "it is her own")
	ms.Len(f.Tokens, 1, "the link to take it back")
	models.Clock.Move(7 * day)
	ms.Nil(ms.findOut("ada@example.com").Reserved())
}

func (ms *ModelSuite) Test_Mail_Overdue() {
	ms.requestSignup("zoe@example.com")
	models.Clock.Move(2 * time.Minute)
	ms.False(ms.mail("zoe@example.com").Overdue())
	models.Clock.Move(2 * time.Minute)
	ms.True(ms.mail("zoe@example.com").Overdue())
	ms.NoError(ms.claim().Sent(ms.T().Context()))
	models.Clock.Move(time.Hour)
	ms.False(ms.mail("zoe@example.com").Overdue())
}
