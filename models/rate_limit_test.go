package models_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"corral/config"
	"corral/internal/password"
	"corral/models"
	"corral/models/modelstest"
)

// wait makes an attempt with a wrong password from an unknown browser. It returns the wait that
// a rate limit demands, or 0.
func (ms *ModelSuite) retryAfterFailure(email, ip string) time.Duration {
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
		ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		n++
		wait := ms.retryAfterFailure("ada@example.com", nthIP(n))
		ms.Greater(wait, time.Duration(seconds-1)*time.Second)
		ms.LessOrEqual(wait, time.Duration(seconds)*time.Second)
		models.Clock.Move(time.Duration(seconds) * time.Second)
		ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
	}
	ms.Zero(ms.retryAfterFailure("bob@example.com", nthIP(1)), "another email has a bucket of its own")
}

func (ms *ModelSuite) Test_RateLimit_LockedAfterAHundredInARow() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for n := range 100 {
		ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
		models.Clock.Move(15 * time.Minute) // the longest wait
	}
	models.Clock.Move(80 * 24 * time.Hour) // time does not end a lock
	ms.NotZero(ms.retryAfterFailure("ada@example.com", nthIP(101)))
	var limited *models.RateLimited
	ms.ErrorAs(ms.authenticate("ada@example.com", modelstest.Password, nthIP(102)), &limited, "the right password, too")
	ms.True(limited.Locked)
	deviceCookie, err := models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), "an entirely new set of words", models.Client{})
	ms.NoError(err)
	owner := models.Credentials{Email: "ada@example.com", Password: "an entirely new set of words", Client: models.Client{RawDeviceCookie: deviceCookie}}
	_, _, err = models.LogIn(ms.T().Context(), owner, false)
	ms.NoError(err, "the browser of the reset")
	ms.NotZero(ms.retryAfterFailure("ada@example.com", nthIP(103)), "the email stays locked for other clients")
}

func (ms *ModelSuite) Test_RateLimit_KnownBrowserIsLockedAfterAHundredInARow() {
	models.Clock.Stop()
	known := models.Credentials{Email: "ada@example.com", Password: "wrong",
		Client: models.Client{RawDeviceCookie: ms.knownBrowser(ms.signUp("ada@example.com"), "")}}
	for range 100 {
		_, err := models.Authenticate(ms.T().Context(), known)
		ms.ErrorIs(err, models.ErrBadCredentials)
		models.Clock.Move(15 * time.Minute) // the longest wait
	}
	known.Password = modelstest.Password
	_, err := models.Authenticate(ms.T().Context(), known)
	var limited *models.RateLimited
	ms.ErrorAs(err, &limited)
	ms.True(limited.Locked)
}

func (ms *ModelSuite) Test_RateLimit_SuccessEndsTheCount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 3 {
		for range 4 {
			ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
		}
		ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"))
		models.Clock.Move(4 * time.Minute) // the limit of the client ends
	}
}

func (ms *ModelSuite) Test_RateLimit_CaseVariantsAreOneEmail() {
	models.Clock.Stop()
	for _, typed := range []string{"ada@example.com", "ADA@example.com", " Ada@Example.Com", "ada@EXAMPLE.com ", "aDa@example.com"} {
		ms.Zero(ms.retryAfterFailure(typed, "192.0.2.1"))
	}
	ms.NotZero(ms.retryAfterFailure("ada@example.com", "192.0.2.2"))
	for range 5 {
		ms.Zero(ms.retryAfterFailure("No Email At All", "192.0.2.3"))
	}
	ms.NotZero(ms.retryAfterFailure("no email at all ", "192.0.2.4"))
}

func (ms *ModelSuite) Test_RateLimit_DoesNotRevealAccounts() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 5 {
		ms.Equal(ms.retryAfterFailure("ada@example.com", "192.0.2.1"), ms.retryAfterFailure("nobody@example.com", "192.0.2.2"))
	}
	ms.NotZero(ms.retryAfterFailure("ada@example.com", "192.0.2.3"))
	ms.NotZero(ms.retryAfterFailure("nobody@example.com", "192.0.2.3"))
}

func (ms *ModelSuite) Test_RateLimit_TenFailuresOfAClient() {
	models.Clock.Stop()
	for n := range 10 {
		ms.Zero(ms.retryAfterFailure(fmt.Sprintf("user%d@example.com", n), "192.0.2.1"))
	}
	wait := ms.retryAfterFailure("user10@example.com", "192.0.2.1")
	ms.Greater(wait, 2*time.Minute)
	ms.LessOrEqual(wait, 3*time.Minute)
	ms.Zero(ms.retryAfterFailure("user10@example.com", "192.0.2.2"))
	models.Clock.Move(3 * time.Minute)
	ms.Zero(ms.retryAfterFailure("user11@example.com", "192.0.2.1"))
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
		ms.Zero(ms.retryAfterFailure(fmt.Sprintf("user%d@example.com", n), fmt.Sprintf("2001:db8:1:2::%x", n)))
	}
	ms.NotZero(ms.retryAfterFailure("user10@example.com", "2001:db8:1:2:ffff::1"))
	ms.Zero(ms.retryAfterFailure("user10@example.com", "2001:db8:1:3::1"))
}

func (ms *ModelSuite) Test_RateLimit_FiftyAtOnce() {
	models.Clock.Stop() // on a slow machine, the first wait of a second could end
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
		ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
		ms.Zero(ms.retryAfterFailure("nobody@example.com", "192.0.2.2"))
	}
	models.HoldHashing(func() {
		for range 100 {
			ms.NotZero(ms.retryAfterFailure("ada@example.com", "192.0.2.3"))
			ms.NotZero(ms.retryAfterFailure("nobody@example.com", "192.0.2.3"))
		}
	})
}

// The table must not reveal emails to an attacker who reads it.
func (ms *ModelSuite) Test_RateLimit_KeyedDigest() {
	models.Clock.Stop()
	ms.retryAfterFailure("ada@example.com", "192.0.2.1")
	var ids []string
	ms.NoError(ms.DB.Store.Select(&ids, "SELECT id FROM rate_limits"))
	ms.Len(ids, 3)
	for _, id := range ids {
		ms.Regexp(`^[\w-]{43}$`, id, "an email has an @")
	}
}

// A request that exceeds the limit of an email does the same work, but stores nothing.
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

// A withheld mail takes as long as a queued one: prevents enumeration by timing.
func (ms *ModelSuite) Test_RateLimit_WithheldMailIsWritten() {
	written := 0
	ms.onStatement(func(statement string) {
		if strings.Contains(statement, `INSERT INTO "mails"`) || strings.Contains(statement, `INSERT INTO "tokens"`) {
			written++
		}
	})
	for n := range 4 {
		ms.requestSignup("zoe@example.com")
		ms.Equal(2*(n+1), written)
	}
	ms.Equal(3, ms.count("mails"), "the fourth was undone")
}

// Prevents a flood of transactions.
func (ms *ModelSuite) Test_RateLimit_RefusedMailBeginsNoTransaction() {
	ms.configure(func(c *config.Config) { c.MailsPerClient = 1 })
	ms.requestSignup("zoe@example.com")
	ms.onStatement(func(statement string) { ms.NotContains(statement, "BEGIN") })
	var limited *models.RateLimited
	ms.ErrorAs(models.RequestLink(ms.T().Context(), models.PurposeSignup, "amy@example.com", "", models.Client{}), &limited)
}

// Thirty users behind one IP log in at the same time with right passwords.
func (ms *ModelSuite) Test_RateLimit_AttemptsInFlightWait() {
	var logins []func() error
	for n := range 30 {
		email := fmt.Sprintf("user%d@example.com", n)
		ms.signUp(email)
		logins = append(logins, func() error { return ms.authenticate(email, modelstest.Password, "192.0.2.1") })
	}
	for _, err := range atOnce(logins...) {
		ms.NoError(err)
	}
	ms.signUp("ada@example.com")
	for n := range logins {
		logins[n] = func() error { return ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1") }
	}
	for _, err := range atOnce(logins...) {
		ms.NoError(err, "thirty logins to one account")
	}
	var left int
	ms.NoError(ms.DB.Store.Get(&left, "SELECT sum(attempts + pending) FROM rate_limits"))
	ms.Zero(left)
}

// An attempt whose password was not checked does not count: the queue was full, or the client
// disconnected while it waited.
func (ms *ModelSuite) Test_RateLimit_UncheckedAttemptsDoNotCount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for range 2 {
		ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
	}
	models.HoldHashing(func() {
		for range 20 {
			ctx, cancel := context.WithCancel(ms.T().Context())
			done := make(chan error)
			go func() {
				client := models.Client{IP: netip.MustParseAddr("192.0.2.1")}
				_, err := models.Authenticate(ctx, models.Credentials{Email: "ada@example.com", Password: "wrong", Client: client})
				done <- err
			}()
			ms.Eventually(models.HashWaits, time.Minute, time.Millisecond)
			ms.Equal(3, ms.count("activities"))
			cancel()
			ms.Error(<-done)
			ms.Equal(2, ms.count("activities"))
		}
	})
	for range 3 {
		ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"), "earlier failures count as before")
	}
	ms.Equal(time.Second, ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
}

// A /48 may make ten times as many attempts as a /64.
func (ms *ModelSuite) Test_RateLimit_IPv6By48() {
	models.Clock.Stop()
	for n := range 100 {
		ms.Zero(ms.retryAfterFailure(fmt.Sprintf("user%d@example.com", n), fmt.Sprintf("2001:db8:1:%x::1", n)))
	}
	ms.NotZero(ms.retryAfterFailure("another@example.com", "2001:db8:1:ffff::1"))
	ms.Zero(ms.retryAfterFailure("another@example.com", "2001:db8:2::1"))
}

// Prevents account enumeration: whatever the owner of an account does, other clients have
// the same waits as for an email without an account.
func (ms *ModelSuite) Test_RateLimit_OwnerDoesNotChangeOtherWaits() {
	ctx := ms.T().Context()
	for name, act := range map[string]func(owner *models.User){
		"logs in": func(*models.User) { ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.9")) },
		"mistypes and logs in": func(*models.User) {
			ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.9"))
			ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.9"))
		},
		"mistypes and logs in twice": func(*models.User) {
			ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.9"))
			for range 2 {
				ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.9"))
			}
		},
		"changes the password": func(owner *models.User) { ms.NoError(owner.ChangePassword(ctx, newPassword, here)) },
		"resets the password": func(*models.User) {
			ms.NoError(errorOf(models.ResetPassword(ctx, ms.requestReset("ada@example.com"), newPassword, here)))
		},
		"deletes the account": func(owner *models.User) { ms.NoError(owner.Delete(ctx, here)) },
	} {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ada := ms.signUp("ada@example.com")
		for n := range 3 {
			ms.Zero(ms.retryAfterFailure("ada@example.com", nthIP(n)))
			ms.Zero(ms.retryAfterFailure("nobody@example.com", nthIP(n)))
		}
		act(ada)
		for n := range 6 {
			ms.Equal(ms.retryAfterFailure("nobody@example.com", nthIP(10+n)), ms.retryAfterFailure("ada@example.com", nthIP(10+n)), name)
		}
	}
}

// For a day, attackers on many networks make as many attempts and reset requests as the
// limits allow. The owner, in a new browser each time, can still log in by at most one mail.
func (ms *ModelSuite) Test_RateLimit_OwnerLogsInUnderAttack() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	attackers, returns := 0, 0
	for minute := range 25 * 60 {
		if minute%5 == 0 {
			attackers++
			ms.retryAfterFailure("ada@example.com", nthIP(attackers))
			ms.NoError(models.RequestLink(ctx, models.PurposeReset, "ada@example.com", "", clientAt(nthIP(attackers))))
		}
		if minute%47 == 46 {
			returns++
			owner, chosen := clientAt("192.0.2.1"), fmt.Sprintf("words that were chosen at minute %d", minute)
			ms.NoError(models.RequestLink(ctx, models.PurposeReset, "ada@example.com", "", owner))
			var err error
			owner.RawDeviceCookie, err = models.ResetPassword(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailReset), chosen, owner)
			ms.NoError(err, "minute %d", minute)
			ms.NoError(errorOf(ms.logIn("ada@example.com", chosen, owner)), "minute %d", minute)
		}
		models.Clock.Move(time.Minute)
	}
	ms.Equal(31, returns)
	var limited *models.RateLimited
	ms.ErrorAs(ms.authenticate("ada@example.com", "right or wrong", "192.0.2.1"), &limited)
	ms.True(limited.Locked, "the attackers have locked the email")
}

// The owner requests a reset after failed attempts have filled the limits of the client and
// of the email.
func (ms *ModelSuite) Test_RateLimit_ResetBrowserLogsIn() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	for n := range 5 {
		ms.Zero(ms.retryAfterFailure(fmt.Sprintf("user%d@example.com", n), "192.0.2.1"))
		ms.Zero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"))
	}
	const chosen = "an entirely new set of words"
	owner := here
	var err error
	owner.RawDeviceCookie, err = models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), chosen, owner)
	ms.NoError(err)
	ms.NoError(errorOf(ms.logIn("ada@example.com", chosen, owner)))
	ms.Equal([]string{models.MailReset, models.MailPasswordChanged}, modelstest.Mails(ms.T(), "ada@example.com"), "no new browser")
	ms.NotZero(ms.retryAfterFailure("ada@example.com", "192.0.2.1"), "another browser with the same IP")
}

// A reset clears the count of mails.
func (ms *ModelSuite) Test_RateLimit_UsedResetAllowsMails() {
	ms.signUp("ada@example.com")
	for range 3 {
		link := ""
		for range 3 {
			link = ms.requestReset("ada@example.com")
		}
		ms.NoError(errorOf(models.ResetPassword(ms.T().Context(), link, modelstest.Password, here)))
	}
	ms.Equal(12, ms.count("mails"))
}

// A change that voids reset links, or gives an email to an account, clears the count of mails:
// the owner, who has no link that works, gets one.
func (ms *ModelSuite) Test_RateLimit_ResetMailAfterAChange() {
	ctx := ms.T().Context()
	for name, change := range map[string]func(request func(email string)) (email string){
		"sign-up": func(request func(string)) string {
			ms.requestSignup("ada@example.com")
			link := modelstest.Link(ms.T(), "ada@example.com", models.MailSignup)
			request("ada@example.com")
			ms.NoError(ms.DB.RawQuery("DELETE FROM tokens WHERE purpose = ?", models.PurposeReset).Exec()) // of mails to an email without an account
			ms.NoError(errorOf(models.CompleteSignup(ctx, link, modelstest.Password, "", here)))
			return "ada@example.com"
		},
		"password": func(request func(string)) string {
			ada := ms.signUp("ada@example.com")
			request("ada@example.com")
			ms.NoError(ada.ChangePassword(ctx, modelstest.Password, here))
			return "ada@example.com"
		},
		"new email": func(request func(string)) string {
			ada := ms.signUp("ada@example.com")
			request("ada@example.org")
			ms.changeEmail(ada, "ada@example.org")
			return "ada@example.org"
		},
		"old email": func(request func(string)) string {
			ada := ms.signUp("ada@example.com")
			request("ada@example.com")
			ms.changeEmail(ada, "ada@example.org")
			return "ada@example.com"
		},
	} {
		modelstest.Empty(ms.T())
		email := change(func(email string) {
			for range 4 {
				ms.requestReset(email)
			}
			ms.Equal(3, ms.mailsOf(models.MailReset), name)
		})
		ms.NoError(models.RequestLink(ctx, models.PurposeReset, email, "", here))
		ms.Equal(4, ms.mailsOf(models.MailReset), name)
		links, err := ms.DB.Where("purpose = ? AND email = ? AND redeemed = ?", models.PurposeReset, email, false).Count("tokens")
		ms.NoError(err)
		ms.Equal(1, links, name)
	}
}

// Mails of each purpose have their own limits, for an email and for a client.
func (ms *ModelSuite) Test_RateLimit_MailsPerClient() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	for client, most := range map[models.Client]int{clientAt("192.0.2.1"): 10, clientAt("2001:db8::1"): 10} {
		for _, purpose := range []string{models.PurposeSignup, models.PurposeReset} {
			for n := range most {
				ms.NoError(models.RequestLink(ctx, purpose, fmt.Sprintf("user%d@example.com", n), "", client), purpose)
			}
			var limited *models.RateLimited
			ms.ErrorAs(models.RequestLink(ctx, purpose, "another@example.com", "", client), &limited, purpose)
			ms.Equal(time.Hour, limited.RetryAfter)
		}
	}
}

// A known browser gets a hash before a hundred other clients of its network. The hashes cost
// as much as in production.
func (ms *ModelSuite) Test_RateLimit_KnownBrowserOvertakes() {
	ms.signUp("ada@example.com")
	s, err := ms.logIn("ada@example.com", modelstest.Password, here)
	ms.NoError(err)
	known := clientAt("2001:db8:1:ffff::1")
	known.RawDeviceCookie = s.RawDeviceCookie
	models.RealHashing(func() {
		var ended, locked atomic.Int32
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() {
				client := clientAt(fmt.Sprintf("2001:db8:1:%x::1", n))
				_, err := ms.logIn(fmt.Sprintf("user%d@example.com", n), "wrong", client)
				ended.Add(1)
				switch { // on a slow machine, hashes wait for more than ten seconds, and writes for more than five
				case errors.Is(err, password.ErrBusy):
				case models.Unavailable(err):
					locked.Add(1)
				default:
					ms.ErrorIs(err, models.ErrBadCredentials)
				}
			})
		}
		ms.Eventually(func() bool { return ms.count("activities")+int(locked.Load()) >= 101 }, time.Minute, time.Millisecond)
		before := ended.Load() // many, if the database is slower than the hashes
		ms.NoError(errorOf(ms.logIn("ada@example.com", modelstest.Password, known)))
		ms.Less(ended.Load()-before, int32(60), "most of the others wait")
		all.Wait()
	})
}
