package models_test

import (
	"fmt"
	"net/netip"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) explain(email string) *models.Findings {
	f, err := models.Explain(ms.T().Context(), email)
	ms.NoError(err)
	return f
}

func (ms *ModelSuite) Test_Explain() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	cookie := ms.knownBrowser(ada, "")
	for n := range 6 {
		ms.retryAfterFailure("ada@example.com", nthIP(n))
	}
	for range 6 {
		models.Clock.Move(time.Microsecond)
		_, err := ms.logIn("ada@example.com", "wrong", models.Client{IP: netip.MustParseAddr("192.0.2.7"), RawDeviceCookie: cookie})
		ms.Error(err)
	}
	for range 3 {
		ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, "ada@example.com", "", models.Client{}))
		models.Clock.Move(time.Microsecond)
	}
	f := ms.explain("ada@example.com")
	ms.Equal(ada.ID, f.User.ID)
	ms.Equal(5, f.Attempts)
	ms.InDelta(float64(time.Second), float64(f.Limited.RetryAfter), float64(time.Second))
	ms.Len(f.KnownBrowsers, 1)
	ms.NotNil(f.KnownBrowsers[0])
	ms.Len(f.Failures, 5, "the newest")
	for _, failure := range f.Failures {
		ms.Equal("192.0.2.7", failure.IP)
	}
	ms.Len(f.Sessions, 1)
	ms.Len(f.Mails, 3)
	ms.True(f.Mails[0].CreatedAt.After(f.Mails[1].CreatedAt))
	ms.Equal([]string{models.MailReset}, f.LimitedMails)
	ms.Len(f.Tokens, 3)
	ms.Empty(f.Similar)
	ms.Nil(f.Reserved)
}

// The notices go to the old email, and are withheld over its limit.
func (ms *ModelSuite) Test_Explain_NoticesOfEmailChangesAreLimited() {
	ada := ms.signUp("ada@example.com")
	for i := range 3 {
		ms.NoError(ada.RequestEmailChange(ms.T().Context(), fmt.Sprintf("ada%d@example.org", i), models.Client{}))
	}
	ms.Equal([]string{models.MailEmailRequested}, ms.explain("ada@example.com").LimitedMails)
}

func (ms *ModelSuite) Test_Explain_NothingWrong() {
	ada := ms.signUp("ada@example.com")
	ms.knownBrowser(ada, "")
	f := ms.explain("ada@example.com")
	ms.Zero(f.Attempts)
	ms.Nil(f.Limited)
	ms.Equal([]*models.RateLimited{nil}, f.KnownBrowsers)
	ms.Empty(f.Failures)
	ms.Empty(f.Tokens)
	ms.Empty(f.LimitedMails)
	models.Clock.Move(181 * day)
	f = ms.explain("ada@example.com")
	ms.Empty(f.KnownBrowsers)
	ms.Empty(f.Sessions)
}

func (ms *ModelSuite) Test_Explain_Locked() {
	ada := ms.signUp("ada@example.com")
	ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
	ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = 100").Exec()) // locks the email
	models.Clock.Move(80 * day)                                                // time does not end a lock
	f := ms.explain("ada@example.com")
	ms.Equal(100, f.Attempts)
	ms.True(f.Limited.Locked)
	ms.NoError(ada.SetPassword(ms.T().Context(), modelstest.Password))
	ms.Nil(ms.explain("ada@example.com").Limited)
}

func (ms *ModelSuite) Test_Explain_Similar() {
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
		f := ms.explain(typed)
		ms.Nil(f.User)
		var similar []string
		for _, user := range f.Similar {
			similar = append(similar, user.Email)
		}
		ms.Equal(want, similar, typed)
	}
}

func (ms *ModelSuite) Test_Explain_ReservedEmail() {
	ada := ms.signUp("ada@example.com")
	ms.changeEmail(ada, "ada@example.org")
	f := ms.explain("ada@example.com")
	ms.Nil(f.User)
	ms.WithinDuration(models.Clock.Now().Add(7*day), f.Reserved.Until, time.Minute)
	ms.Equal("ada@example.org", f.Reserved.User.Email)
	ms.WithinDuration(models.Clock.Now(), f.Reserved.ChangedAt, time.Minute)
	f = ms.explain("ada@example.org")
	ms.Nil(f.Reserved, "ada's present email")
	ms.Len(f.Tokens, 2, "the links of the request and of the change")
	models.Clock.Move(7 * day)
	ms.Nil(ms.explain("ada@example.com").Reserved)
}

func (ms *ModelSuite) Test_Explain_DeletedAccount() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ada.Delete(ms.T().Context(), here))
	ms.Empty(ms.explain("adah@example.com").Similar, "a deleted account is not similar")
	for range 2 { // also after the last link has expired
		r := ms.explain("ada@example.com").Reserved
		ms.True(r.User.DeletedAt.Valid)
		ms.True(r.ChangedAt.IsZero())
		ms.WithinDuration(r.User.DeletedAt.Time.Add(models.DeletedUserLifetime), r.Until, time.Minute)
		models.Clock.Move(7*day + time.Hour)
	}
}

// After two changes of email, both former emails are reserved.
func (ms *ModelSuite) Test_Explain_EveryFormerEmail() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	ms.changeEmail(ada, "eve@example.com")
	first := models.Clock.Now()
	models.Clock.Move(time.Hour)
	ms.changeEmail(ms.user("eve@example.com"), "eve@example.org")
	r := ms.explain("ada@example.com").Reserved
	ms.Equal("eve@example.org", r.User.Email)
	ms.WithinDuration(first, r.ChangedAt, time.Second)
	r = ms.explain("eve@example.com").Reserved
	ms.Equal("eve@example.org", r.User.Email)
	ms.WithinDuration(models.Clock.Now(), r.ChangedAt, time.Second)
	_, err := models.FindReservation(ms.T().Context(), "eve@example.org")
	ms.ErrorIs(err, models.ErrNotFound, "the email has an account")
}
