package models_test

import (
	"errors"
	"fmt"
	"time"

	"corral/models"
	"corral/models/modelstest"
)

// wait makes an attempt with a wrong password from an unknown browser and returns
// its RetryAfter, or 0.
func (ms *ModelSuite) wait(email, ip string) time.Duration {
	err := ms.authenticate(email, "wrong", ip)
	if limited, ok := errors.AsType[*models.RateLimited](err); ok {
		return limited.RetryAfter
	}
	ms.ErrorIs(err, models.ErrBadCredentials)
	return 0
}

func (ms *ModelSuite) Test_RateLimit_WaitsGrow() {
	models.Clock.Stop()
	n := 0
	for range 5 {
		n++
		ms.Zero(ms.wait("ada@example.com", nthIP(n)))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		n++
		wait := ms.wait("ada@example.com", nthIP(n))
		ms.Greater(wait, time.Duration(seconds-1)*time.Second)
		ms.LessOrEqual(wait, time.Duration(seconds)*time.Second)
		models.Clock.Move(time.Duration(seconds) * time.Second)
		ms.Zero(ms.wait("ada@example.com", nthIP(n)))
	}
	ms.Zero(ms.wait("bob@example.com", nthIP(1)), "another email has a bucket of its own")
}

func (ms *ModelSuite) Test_RateLimit_LockedAfterAHundredInARow() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for n := range 100 {
		ms.Zero(ms.wait("ada@example.com", nthIP(n)))
		models.Clock.Move(15 * time.Minute)
	}
	models.Clock.Move(80 * 24 * time.Hour)
	ms.NotZero(ms.wait("ada@example.com", nthIP(101)))
	var limited *models.RateLimited
	ms.ErrorAs(ms.authenticate("ada@example.com", modelstest.Password, nthIP(102)), &limited, "the right password too")
	ms.True(limited.Locked)
	ms.NoError(models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), "an entirely new set of words", models.Client{}))
	ms.NoError(ms.authenticate("ada@example.com", "an entirely new set of words", nthIP(103)))
}

func (ms *ModelSuite) Test_RateLimit_SuccessEndsTheCount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 3 {
		for range 4 {
			ms.Zero(ms.wait("ada@example.com", "192.0.2.1"))
		}
		ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"))
		models.Clock.Move(4 * time.Minute)
	}
}

func (ms *ModelSuite) Test_RateLimit_CaseVariantsAreOneEmail() {
	models.Clock.Stop()
	for _, typed := range []string{"ada@example.com", "ADA@example.com", " Ada@Example.Com", "ada@EXAMPLE.com ", "aDa@example.com"} {
		ms.Zero(ms.wait(typed, "192.0.2.1"))
	}
	ms.NotZero(ms.wait("ada@example.com", "192.0.2.2"))
	for range 5 {
		ms.Zero(ms.wait("No Email At All", "192.0.2.3"))
	}
	ms.NotZero(ms.wait("no email at all ", "192.0.2.4"))
}

func (ms *ModelSuite) Test_RateLimit_DoesNotRevealAccounts() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 5 {
		ms.Equal(ms.wait("ada@example.com", "192.0.2.1"), ms.wait("nobody@example.com", "192.0.2.2"))
	}
	ms.NotZero(ms.wait("ada@example.com", "192.0.2.3"))
	ms.NotZero(ms.wait("nobody@example.com", "192.0.2.3"))
}

func (ms *ModelSuite) Test_RateLimit_TenFailuresOfAClient() {
	models.Clock.Stop()
	for n := range 10 {
		ms.Zero(ms.wait(fmt.Sprintf("user%d@example.com", n), "192.0.2.1"))
	}
	wait := ms.wait("user10@example.com", "192.0.2.1")
	ms.Greater(wait, 2*time.Minute)
	ms.LessOrEqual(wait, 3*time.Minute)
	ms.Zero(ms.wait("user10@example.com", "192.0.2.2"))
	models.Clock.Move(3 * time.Minute)
	ms.Zero(ms.wait("user11@example.com", "192.0.2.1"))
}

func (ms *ModelSuite) Test_RateLimit_SuccessesOfAClientAreFree() {
	ms.signUp("ada@example.com")
	for range 30 {
		ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"))
	}
}

func (ms *ModelSuite) Test_RateLimit_IPv6By64() {
	models.Clock.Stop()
	for n := range 10 {
		ms.Zero(ms.wait(fmt.Sprintf("user%d@example.com", n), fmt.Sprintf("2001:db8:1:2::%x", n)))
	}
	ms.NotZero(ms.wait("user10@example.com", "2001:db8:1:2:ffff::1"))
	ms.Zero(ms.wait("user10@example.com", "2001:db8:1:3::1"))
}

func (ms *ModelSuite) Test_RateLimit_FiftyAtOnce() {
	models.Clock.Stop() // a slow machine must not wait out the first second
	var attempts []func() error
	for n := range 50 {
		attempts = append(attempts, func() error { return ms.authenticate("ada@example.com", "wrong", nthIP(n)) })
	}
	failed, refused := 0, 0
	for _, err := range atOnce(attempts...) {
		if _, limited := errors.AsType[*models.RateLimited](err); limited {
			refused++
		} else {
			ms.ErrorIs(err, models.ErrBadCredentials)
			failed++
		}
	}
	ms.Equal(5, failed, "the free attempts and no more")
	ms.Equal(45, refused)

	attempts = nil
	for n := range 30 {
		attempts = append(attempts, func() error { return ms.authenticate(fmt.Sprintf("user%d@example.com", n), "wrong", "192.0.2.1") })
	}
	atOnce(attempts...)
	var most int
	ms.NoError(ms.DB.Store.Get(&most, "SELECT max(attempts) FROM rate_limits"))
	ms.Equal(10, most)
}

func (ms *ModelSuite) Test_RateLimit_RefusedAttemptHashesNothing() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 5 {
		ms.Zero(ms.wait("ada@example.com", "192.0.2.1"))
		ms.Zero(ms.wait("nobody@example.com", "192.0.2.2"))
	}
	models.HoldHashing(func() {
		for range 100 {
			ms.NotZero(ms.wait("ada@example.com", "192.0.2.3"))
			ms.NotZero(ms.wait("nobody@example.com", "192.0.2.3"))
		}
	})
}

// A leaked table names no email.
func (ms *ModelSuite) Test_RateLimit_KeyedDigest() {
	models.Clock.Stop()
	ms.wait("ada@example.com", "192.0.2.1")
	var ids []string
	ms.NoError(ms.DB.Store.Select(&ids, "SELECT id FROM rate_limits"))
	ms.Len(ids, 2)
	for _, id := range ids {
		ms.NotContains(id, "ada")
		ms.Len(id, 43)
	}
}

// Over the limit of an email, a request does the same work and leaves nothing.
func (ms *ModelSuite) Test_RateLimit_MailsOverTheLimit() {
	for range 3 {
		ms.requestSignup("zoe@example.com")
	}
	newest := modelstest.Link(ms.T(), "zoe@example.com", models.MailSignup)
	ms.requestSignup("zoe@example.com")
	ms.Equal(3, ms.count("mails"))
	token, err := models.FindSignup(ms.T().Context(), newest)
	ms.NoError(err, "the newest link that was sent works")
	ms.Equal("zoe@example.com", token.Email)
	models.Clock.Move(time.Hour)
	ms.requestSignup("zoe@example.com")
	ms.Equal(4, ms.count("mails"))
}
