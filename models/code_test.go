package models_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"corral/internal/secret"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// pass passes the second step of a login of ada, from a new client.
func (ms *ModelSuite) pass(code, ip string) error {
	return errorOf(models.PassCode(ms.T().Context(), ms.user("ada@example.com"), code, clientAt(ip)))
}

func (ms *ModelSuite) Test_PassCode_Window() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	models.Clock.Move(time.Hour) // all codes are newer than the code of the enrolment
	for _, step := range []time.Duration{-9, -2, 2, 9} {
		ms.ErrorIs(ms.pass(totp.Code(key, models.Clock.Now().Add(step*30*time.Second)), "192.0.2.1"), models.ErrBadCode, step)
	}
	for _, step := range []time.Duration{-1, 0, 1} {
		ms.NoError(ms.pass(" "+totp.Code(key, models.Clock.Now().Add(step*30*time.Second))[:3]+" "+totp.Code(key, models.Clock.Now().Add(step*30*time.Second))[3:], "192.0.2.1"), step)
	}
}

func (ms *ModelSuite) Test_PassCode_ReplayIsRefused() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	now := models.Clock.Now()
	ms.ErrorIs(ms.pass(totp.Code(key, now), "192.0.2.1"), models.ErrBadCode, "the code of the enrolment")
	ms.NoError(ms.pass(totp.Code(key, now.Add(30*time.Second)), "192.0.2.1"))
	ms.ErrorIs(ms.pass(totp.Code(key, now.Add(30*time.Second)), "192.0.2.1"), models.ErrBadCode)
	ms.ErrorIs(ms.pass(totp.Code(key, now), "192.0.2.1"), models.ErrBadCode, "an older code")
}

// Each attempt uses its own connection, like attempts on several nodes.
func (ms *ModelSuite) Test_PassCode_OneOfConcurrentUsesSucceeds() {
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	for _, code := range []string{modelstest.NextCode(key), codes[0]} {
		var attempts []func() error
		for n := range 8 {
			attempts = append(attempts, func() error { return ms.pass(code, nthIP(n)) })
		}
		passed := 0
		for _, err := range atOnce(attempts...) {
			if err == nil {
				passed++
			} else if _, limited := errors.AsType[*models.RateLimited](err); !limited {
				ms.ErrorIs(err, models.ErrBadCode)
			}
		}
		ms.Equal(1, passed, code)
	}
}

func (ms *ModelSuite) Test_PassCode_WaitsGrowAndNeverLock() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	n := 0
	wrong := func() (wait time.Duration) {
		n++
		err := ms.pass(modelstest.WrongCode(key), nthIP(n))
		if limited, ok := errors.AsType[*models.RateLimited](err); ok {
			ms.False(limited.Locked)
			return limited.RetryAfter
		}
		ms.ErrorIs(err, models.ErrBadCode)
		return 0
	}
	for range 5 {
		ms.Zero(wrong())
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900} {
		ms.Equal(time.Duration(seconds)*time.Second, wrong())
		models.Clock.Move(time.Duration(seconds) * time.Second)
		ms.Zero(wrong())
	}
	for range 100 {
		ms.Equal(900*time.Second, wrong())
		models.Clock.Move(900 * time.Second)
		ms.Zero(wrong())
	}
	var limited *models.RateLimited
	ms.ErrorAs(ms.pass(modelstest.NextCode(key), "192.0.2.1"), &limited, "the right code, too")
	ms.NoError(ms.pass(codes[0], "192.0.2.1"), "a recovery code is not stopped")
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"), "a passed second step clears the count")
	for range 5 {
		ms.Zero(wrong())
	}
	ms.NotZero(wrong())
}

// A new SESSION_SECRET, which an operator sets after a leak, does not clear the count of codes.
func (ms *ModelSuite) Test_PassCode_NewSecretLeavesTheCount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	for n := range 5 {
		ms.ErrorIs(ms.pass(modelstest.WrongCode(key), nthIP(n)), models.ErrBadCode)
	}
	usual := modelstest.Config().SessionSecrets
	defer models.Rekey(usual...)
	models.Rekey(append([]string{secret.New()}, usual...)...)
	var limited *models.RateLimited
	ms.ErrorAs(ms.pass(modelstest.WrongCode(key), nthIP(5)), &limited)
}

// The right password does not clear the count of codes: an attacker may have the password.
func (ms *ModelSuite) Test_PassCode_PasswordLeavesTheCount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	models.Clock.Move(time.Hour)
	for n := range 5 {
		ms.ErrorIs(ms.pass(modelstest.WrongCode(key), nthIP(n)), models.ErrBadCode)
		_, step, err := models.LogIn(ms.T().Context(), models.Credentials{Email: "ada@example.com", Password: modelstest.Password, Client: clientAt(nthIP(n))}, false)
		ms.NoError(err)
		ms.NotNil(step)
	}
	var limited *models.RateLimited
	ms.ErrorAs(ms.pass(modelstest.WrongCode(key), nthIP(5)), &limited)
	ms.requestReset("ada@example.com")
	reset := modelstest.Link(ms.T(), "ada@example.com", models.MailReset)
	ms.ErrorIs(errorOf(models.ResetPassword(ms.T().Context(), reset, newPassword, models.Client{})), models.ErrSecondStep)
	ms.NoError(ms.user("ada@example.com").ChangePassword(ms.T().Context(), newPassword, here))
	ms.ErrorAs(ms.pass(totp.Code(key, models.Clock.Now()), nthIP(6)), &limited, "a new password leaves the count, too")
}

// Wrong codes of both kinds have one count for the account. A right recovery code passes.
func (ms *ModelSuite) Test_PassCode_WrongRecoveryCodesCountForTheAccount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	for n := range 5 {
		ms.ErrorIs(ms.pass(wrongRecoveryCode, nthIP(n)), models.ErrBadCode)
	}
	var limited *models.RateLimited
	for n, code := range []string{wrongRecoveryCode, modelstest.WrongCode(key), totp.Code(key, models.Clock.Now().Add(30*time.Second))} {
		ms.ErrorAs(ms.pass(code, nthIP(5+n)), &limited)
		ms.Equal(time.Second, limited.RetryAfter)
	}
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"), "the recovery code cleared the count")
}

// Prevents a flood of transactions, which would lock the user's row and, on SQLite, all others.
func (ms *ModelSuite) Test_PassCode_LimitedBeginsNoTransaction() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	for n := range 5 {
		ms.ErrorIs(ms.pass(modelstest.WrongCode(key), nthIP(n)), models.ErrBadCode)
	}
	begun := 0
	ms.onStatement(func(statement string) {
		if strings.HasPrefix(statement, "BEGIN") {
			begun++
		}
	})
	var limited *models.RateLimited
	for _, code := range []string{modelstest.WrongCode(key), totp.Code(key, models.Clock.Now().Add(30*time.Second)), wrongRecoveryCode, "", "\x00"} {
		ms.ErrorAs(ms.pass(code, "192.0.2.1"), &limited)
		ms.Equal(time.Second, limited.RetryAfter)
	}
	ms.Zero(begun)
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
	ms.Positive(begun)
}

const wrongRecoveryCode = "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"

// Prevents a flood: wrong recovery codes count against the limit of the client. Over the limit,
// TOTP codes and wrong recovery codes are refused, but not a right recovery code: other users
// may have the same IP.
func (ms *ModelSuite) Test_PassCode_TenFailuresOfAClient() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	tenFailures := func(ip string, others ...string) { // five at an account: no account has to wait
		for _, email := range others {
			other := ms.signUp(email)
			for range 5 {
				ms.ErrorIs(errorOf(models.PassCode(ms.T().Context(), other, wrongRecoveryCode, clientAt(ip))), models.ErrBadCode)
			}
		}
	}
	tenFailures("192.0.2.1", "bob@example.com", "eve@example.com")
	var limited *models.RateLimited
	recorded := ms.count("activities")
	for _, code := range []string{wrongRecoveryCode, modelstest.WrongCode(key), modelstest.NextCode(key)} {
		ms.ErrorAs(ms.pass(code, "192.0.2.1"), &limited)
	}
	ms.Equal(recorded, ms.count("activities"))
	for i := range 9 {
		ms.NoError(ms.pass(codes[i], "192.0.2.1"))
	}
	ms.ErrorAs(ms.pass(codes[0], "192.0.2.1"), &limited, "a used code is wrong")
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.2"))
	tenFailures("192.0.2.2", "cem@example.com", "dan@example.com") // right codes do not count
	ms.NoError(ms.pass(codes[9], "192.0.2.2"))
}

// Clients with the owner's IP must not keep the owner's known browser out. The browser has a
// limit of its own, besides the limit of the account.
func (ms *ModelSuite) Test_PassCode_KnownBrowserHasABucketOfItsOwn() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	known := here
	known.RawDeviceCookie = ms.knownBrowser(ada, "")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	pass := func(code string, client models.Client) error {
		return errorOf(models.PassCode(ms.T().Context(), ms.user("ada@example.com"), code, client))
	}
	for n := range 10 {
		_, err := models.Authenticate(ms.T().Context(), models.Credentials{Email: fmt.Sprintf("eve%d@example.com", n), Password: "wrong", Client: here})
		ms.ErrorIs(err, models.ErrBadCredentials)
	}
	var limited *models.RateLimited
	ms.ErrorAs(pass(modelstest.NextCode(key), here), &limited)
	other := here
	other.RawDeviceCookie = ms.knownBrowser(ms.signUp("eve@example.com"), "")
	ms.ErrorAs(pass(modelstest.NextCode(key), other), &limited, "known to another account")
	ms.NoError(pass(modelstest.NextCode(key), known))
	for range 5 {
		ms.ErrorIs(pass(modelstest.WrongCode(key), known), models.ErrBadCode)
	}
	ms.ErrorAs(pass(modelstest.WrongCode(key), known), &limited, "the account has to wait")
}

// withAttemptsInFlight signs Ada up, and sets the counts of a client that has failed to log in
// to another account. code is Ada's next code.
func (ms *ModelSuite) withAttemptsInFlight(attempts, pending int) (key []byte, codes []string, code string) {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	key, codes = modelstest.SetTOTP(ms.T(), "ada@example.com")
	code = modelstest.NextCode(key)
	ms.ErrorIs(ms.authenticate("eve@example.com", "wrong", "192.0.2.1"), models.ErrBadCredentials)
	ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = ?, pending = ?", attempts, pending).Exec()) // of email, client and both
	return key, codes, code
}

// A code waits while attempts in flight fill the client's bucket: some may be refunded.
func (ms *ModelSuite) Test_PassCode_WaitsForAttemptsInFlight() {
	_, _, code := ms.withAttemptsInFlight(10, 10)
	passed, waits, lookups := make(chan error), make(chan bool), 0
	ms.onStatement(func(statement string) {
		if strings.Contains(statement, "FROM rate_limits WHERE id IN") {
			if lookups++; lookups == 2 {
				close(waits)
			}
		}
	})
	go func() {
		defer close(passed) // also if pass fails the test
		passed <- ms.pass(code, "192.0.2.1")
	}()
	select {
	case err := <-passed:
		ms.FailNow("the code did not wait", err)
	case <-waits:
	}
	ms.NoError(ms.DB.RawQuery("UPDATE rate_limits SET attempts = 5, pending = 5").Exec())
	ms.NoError(<-passed)
}

func (ms *ModelSuite) Test_PassCode_LeavesOtherAttemptsInFlight() {
	key, codes, code := ms.withAttemptsInFlight(2, 1)
	ms.NoError(ms.pass(code, "192.0.2.1"))
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
	for _, wrong := range []string{modelstest.WrongCode(key), wrongRecoveryCode} {
		ms.ErrorIs(ms.pass(wrong, "192.0.2.1"), models.ErrBadCode)
	}
	var pending, attempts int
	ms.NoError(ms.DB.Store.Get(&pending, "SELECT sum(pending) FROM rate_limits"))
	ms.Equal(3, pending)
	ms.NoError(ms.DB.Store.Get(&attempts, "SELECT max(attempts) FROM rate_limits"))
	ms.Equal(4, attempts, "the wrong codes count")
}

func (ms *ModelSuite) Test_PassCode_WithoutFactors() {
	ms.signUp("ada@example.com")
	for _, code := range []string{"", "123456", "１２３４５６", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", "\x00", "\xff", "' OR 1=1 --"} {
		ms.ErrorIs(ms.pass(code, "192.0.2.1"), models.ErrBadCode, "%q", code)
		models.Clock.Move(time.Minute) // after five wrong codes, the account has to wait
	}
	ms.Equal(7, ms.count("activities"), "each is recorded")
}

func (ms *ModelSuite) Test_PassCode_OfAnotherAccount() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "bob@example.com")
	ms.ErrorIs(ms.pass(codes[0], "192.0.2.1"), models.ErrBadCode)
	ms.ErrorIs(ms.pass(modelstest.NextCode(key), "192.0.2.1"), models.ErrBadCode)
	// A key that is copied to the row of another account does not work there.
	ms.NoError(ms.DB.RawQuery("UPDATE factors SET data = (SELECT data FROM factors WHERE user_id = ? AND kind = 'totp') WHERE user_id = ? AND kind = 'totp'",
		ms.user("bob@example.com").ID, ms.user("ada@example.com").ID).Exec())
	ms.ErrorIs(ms.pass(modelstest.NextCode(key), "192.0.2.1"), models.ErrBadCode)
}

func (ms *ModelSuite) Test_PassCode_ChangedMeanwhile() {
	ada := ms.signUp("ada@example.com")
	key, _ := modelstest.SetTOTP(ms.T(), "ada@example.com")
	_, err := models.PassCode(ms.T().Context(), ada, modelstest.NextCode(key), here)
	ms.ErrorIs(err, models.ErrBadCredentials, "read before the factor was added")
}

func (ms *ModelSuite) Test_PassCode_FirstUseIsMailed() {
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	before := len(modelstest.Mails(ms.T(), "ada@example.com"))
	for range 2 {
		ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"))
	}
	ms.Equal([]string{models.MailFactorFirstUsed}, modelstest.Mails(ms.T(), "ada@example.com")[before:])
	ms.NoError(ms.pass(codes[0], "192.0.2.1"))
	ms.Equal([]string{models.MailFactorFirstUsed, models.MailCodeUsed}, modelstest.Mails(ms.T(), "ada@example.com")[before:])
	factors, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.True(factors[0].LastUsedAt.Valid)
	ms.True(factors[1].LastUsedAt.Valid)
}

// A login by a factor that is to be removed stops the removal. A confirmation by such a
// factor is refused.
func (ms *ModelSuite) Test_PassCode_StopsAnUndo() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	_, err := models.ConfirmCode(ctx, ms.user("ada@example.com"), modelstest.NextCode(key), here)
	ms.NoError(err)
	ms.notMe("totp_added")
	for _, code := range []string{modelstest.NextCode(key), codes[0]} {
		_, err = models.ConfirmCode(ctx, ms.user("ada@example.com"), code, here)
		ms.ErrorIs(err, models.ErrBadCode)
	}
	ms.NoError(ms.pass(codes[0], "192.0.2.1"), "not used up by the refused confirmation")
	_, err = models.ConfirmCode(ctx, ms.user("ada@example.com"), codes[1], here)
	ms.NoError(err)
	ms.NoError(ms.pass(modelstest.NextCode(key), "192.0.2.1"))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"totp", "codes"}, false, "the second step was turned off")
}
