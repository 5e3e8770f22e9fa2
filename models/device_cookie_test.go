package models_test

import (
	"errors"
	"net/netip"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

const newPassword = "an entirely new set of words"

// knownBrowser logs in with a device cookie and returns the new one.
func (ms *ModelSuite) knownBrowser(user *models.User, rawDeviceCookie string) string {
	s, err := models.StartSession(ms.T().Context(), user, models.Client{RawDeviceCookie: rawDeviceCookie}, models.Session{})
	ms.NoError(err)
	return s.RawDeviceCookie
}

// An undo voids device cookies. The next login is announced: an attacker may have a passkey.
func (ms *ModelSuite) Test_NewBrowser_IsAnnouncedAfterAnUndo() {
	ada := ms.signUp("ada@example.com")
	models.Clock.Move(2 * time.Hour) // the first browser of a new account is not announced
	ms.changeEmail(ada, "eve@example.com")
	ms.notMe(models.MailEmailChanged)
	_, err := models.StartSession(ms.T().Context(), ms.user("ada@example.com"), here, models.Session{})
	ms.NoError(err)
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailNewBrowser)
}

// The browser of a reset is known: its login is not announced.
func (ms *ModelSuite) Test_NewBrowser_ResetAnnouncesNone() {
	ms.signUp("ada@example.com")
	models.Clock.Move(2 * time.Hour) // the first browser of a new account is not announced
	browser, err := here, error(nil)
	browser.RawDeviceCookie, err = models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), "an entirely new set of words", here)
	ms.NoError(err)
	_, err = models.StartSession(ms.T().Context(), ms.user("ada@example.com"), browser, models.Session{})
	ms.NoError(err)
	ms.NotContains(modelstest.Mails(ms.T(), "ada@example.com"), models.MailNewBrowser)
}

// Otherwise only one browser of the owner could log in while strangers fill the rate limits.
func (ms *ModelSuite) Test_DeviceCookie_ResetKeepsKnownBrowsers() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	laptop := ms.knownBrowser(ada, "")
	for n := range 6 {
		ms.retryAfterFailure("ada@example.com", nthIP(n))
		models.Authenticate(ms.T().Context(), models.Credentials{Email: "ada@example.com", Password: "wrong", Client: models.Client{RawDeviceCookie: laptop}})
	}
	phone, err := models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), newPassword, here)
	ms.NoError(err)
	var limited *models.RateLimited
	for cookie, wanted := range map[string]bool{laptop: true, phone: true, "": false} {
		c := models.Credentials{Email: "ada@example.com", Password: newPassword, Client: models.Client{RawDeviceCookie: cookie}}
		_, err := models.Authenticate(ms.T().Context(), c)
		ms.Equal(wanted, err == nil, cookie)
		ms.Equal(!wanted, errors.As(err, &limited), err)
	}

	again, err := models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), newPassword, models.Client{RawDeviceCookie: phone})
	ms.NoError(err)
	ms.Equal(2, ms.count("device_cookies"))
	ms.NotEqual(phone, ms.knownBrowser(ms.user("ada@example.com"), phone), "a copy is void")
	ms.Equal(again, ms.knownBrowser(ms.user("ada@example.com"), again))
}

// A thief with the password can make a hundred browsers known, and keep them known.
func (ms *ModelSuite) Test_DeviceCookie_ResetMakesRoom() {
	ada := ms.signUp("ada@example.com")
	for _, known := range []bool{false, true} { // whether one of the hundred is the owner's
		last := ""
		for ms.count("device_cookies") < 100 {
			models.Clock.Move(time.Second)
			last = ms.knownBrowser(ada, "")
			models.Clock.Move(time.Second)
			ms.Equal(last, ms.knownBrowser(ada, last))
		}
		ms.Empty(ms.knownBrowser(ada, ""), "there is no room")
		owner := here
		if known {
			owner.RawDeviceCookie = last
		}
		raw, err := models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), newPassword, owner)
		ms.NoError(err)
		ada = ms.user("ada@example.com")
		ms.Equal(raw, ms.knownBrowser(ada, raw))
		ms.Equal(1, ms.count("device_cookies"))
	}
}

// Prevents a flood of mails by an attacker with the password.
func (ms *ModelSuite) Test_NewBrowser_AtMostTenMailsAnHour() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	announced := func() int {
		models.Clock.Move(time.Second)
		for range 12 {
			ms.knownBrowser(ada, "")
		}
		return ms.mailsOf(models.MailNewBrowser)
	}
	ms.knownBrowser(ada, "") // not announced: the first browser of a new account
	ms.Equal(10, announced())
	ms.Equal(10, announced())
	models.Clock.Move(time.Hour)
	ms.Equal(20, announced())
}

// An attacker who fills the bucket of an email must not lock the owner out.
func (ms *ModelSuite) Test_RateLimit_KnownBrowserHasABucketOfItsOwn() {
	models.Clock.Stop()
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	for n := range 5 {
		ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
	}
	known := models.Credentials{Email: "ada@example.com", Password: modelstest.Password,
		Client: models.Client{IP: netip.MustParseAddr(nthIP(1)), RawDeviceCookie: ms.knownBrowser(ada, "")}}
	var limited *models.RateLimited
	unknown := known
	unknown.Client.RawDeviceCookie = ""
	_, err := models.Authenticate(ctx, unknown)
	ms.ErrorAs(err, &limited)
	_, err = models.Authenticate(ctx, known)
	ms.NoError(err)
	_, err = models.Authenticate(ctx, unknown)
	ms.ErrorAs(err, &limited, "a login of the known browser does not help unknown browsers")

	known.Password = "wrong"
	for range 5 {
		_, err = models.Authenticate(ctx, known)
		ms.ErrorIs(err, models.ErrBadCredentials)
	}
	_, err = models.Authenticate(ctx, known)
	ms.ErrorAs(err, &limited, "a known browser is rate limited, too")
}

// Accounts that share a browser have a bucket each, even after a login to the other account.
func (ms *ModelSuite) Test_RateLimit_AccountsThatShareABrowser() {
	models.Clock.Stop()
	ctx, emails, shared := ms.T().Context(), []string{"ada@example.com", "bob@example.com", "cem@example.com"}, ""
	with := func(email, password, ip string) models.Credentials {
		return models.Credentials{Email: email, Password: password, Client: models.Client{IP: netip.MustParseAddr(ip)}}
	}
	for _, email := range emails {
		shared = ms.knownBrowser(ms.signUp(email), shared)
		for n := range 6 {
			ms.retryAfterFailure(email, nthIP(n))
		}
	}
	var limited *models.RateLimited
	for _, email := range emails {
		for n := range 6 {
			c := with(email, "wrong", nthIP(10+n))
			c.Client.RawDeviceCookie = shared
			_, err := models.Authenticate(ctx, c)
			if n < 5 {
				ms.ErrorIs(err, models.ErrBadCredentials, email)
			} else {
				ms.ErrorAs(err, &limited, email)
			}
		}
	}
	ms.Equal(shared, ms.knownBrowser(ms.user("ada@example.com"), shared), "the browser stays known")
}

func (ms *ModelSuite) Test_DeviceCookie_IsOfOneAccountAndExpires() {
	ctx, ada, bob := ms.T().Context(), ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	cookie := ms.knownBrowser(ada, "")
	known := func(email string) bool { // whether a login succeeds although the email is rate limited
		models.Clock.Stop() // on a slow machine, the first wait of a second could end
		for n := range 6 {
			ms.retryAfterFailure(email, nthIP(n))
		}
		_, err := models.Authenticate(ctx, models.Credentials{Email: email, Password: modelstest.Password,
			Client: models.Client{IP: netip.MustParseAddr(nthIP(9)), RawDeviceCookie: cookie}})
		return err == nil
	}
	ms.True(known("ada@example.com"))
	ms.False(known("bob@example.com"))
	ms.NotEqual(cookie, ms.knownBrowser(bob, cookie))

	models.Clock.Move(179 * 24 * time.Hour)
	ms.Equal(cookie, ms.knownBrowser(ada, cookie))
	models.Clock.Move(179 * 24 * time.Hour)
	ms.True(known("ada@example.com"), "a login renews the cookie")
	models.Clock.Move(24 * time.Hour)
	ms.False(known("ada@example.com"))

	models.Clock.Reset()
	ms.True(known("ada@example.com"))
	ms.NoError(ada.SetPassword(ctx, modelstest.Password))
	ms.False(known("ada@example.com"), "void after a reset")
}
