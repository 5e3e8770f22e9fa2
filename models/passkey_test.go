package models_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/factor"
	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

const site = "http://localhost:3000" // HOST of the tests

// options returns the JSON of a challenge, as a route would answer.
func (ms *ModelSuite) options(challenge *passkey.Challenge, err error) []byte {
	ms.NoError(err)
	encoded, err := json.Marshal(challenge)
	ms.NoError(err)
	return encoded
}

func answerOf(a passkeytest.Answer) passkey.Answer { return passkey.Answer(a) }

// created makes a new passkey for an account, and returns the authenticator's answer.
func (ms *ModelSuite) created(a *passkeytest.Authenticator, user *models.User) passkey.Answer {
	return answerOf(a.Create(ms.T(), ms.options(user.PasskeyOptions(ms.T().Context(), models.PasskeyNew))))
}

func (ms *ModelSuite) addPasskey(a *passkeytest.Authenticator, email string) models.Factor {
	user := ms.user(email)
	ms.NoError(user.AddPasskey(ms.T().Context(), ms.created(a, user), "", "", here))
	list, err := models.FactorsOf(ms.T().Context(), user)
	ms.NoError(err)
	return list[len(list)-1]
}

func (ms *ModelSuite) loginAnswer(a *passkeytest.Authenticator) passkey.Answer {
	return answerOf(a.Get(ms.T(), ms.options(models.PasskeyLoginOptions())))
}

func (ms *ModelSuite) logInWith(answer passkey.Answer) (*models.LoggedIn, error) {
	return models.LogInWithPasskey(ms.T().Context(), answer, here, false)
}

func (ms *ModelSuite) Test_Passkey_LogsInAlone() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	added := ms.addPasskey(a, "ada@example.com")
	ms.False(added.LastUsedAt.Valid)
	ms.Contains(modelstest.Mails(ms.T(), "ada@example.com"), "passkey_added")
	for range 2 {
		s, err := ms.logInWith(ms.loginAnswer(a))
		ms.NoError(err)
		ms.Equal("ada@example.com", s.User.Email)
		found, err := ms.find(s.RawSessionToken)
		ms.NoError(err)
		ms.Equal(added.ID, found.FactorID.UUID)
		ms.True(found.Confirmed())
	}
	list, err := models.FactorsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.True(list[0].LastUsedAt.Valid)
	first := slices.DeleteFunc(modelstest.Mails(ms.T(), "ada@example.com"), func(m string) bool { return m != models.MailFactorFirstUsed })
	ms.Len(first, 1)
	var stored passkey.Credential
	ms.NoError(json.Unmarshal(list[0].Data, &stored))
	ms.Equal(uint32(2), stored.SignCount)
}

// An answer works once. Of two nodes that get it at the same time, one accepts it.
func (ms *ModelSuite) Test_Passkey_AnswerWorksOnce() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	answer := ms.loginAnswer(a)
	use := func() error { return errorOf(ms.logInWith(answer)) }
	errs := atOnce(use, use)
	if errs[0] != nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	ms.NoError(errs[0])
	ms.ErrorIs(errs[1], passkey.ErrExpired)
	ms.ErrorIs(use(), passkey.ErrExpired)
	ms.Equal(1, ms.count("sessions"))
	user := ms.user("ada@example.com")
	added := ms.created(passkeytest.New(site), user)
	ms.NoError(user.AddPasskey(ms.T().Context(), added, "", "", here))
	ms.ErrorIs(user.AddPasskey(ms.T().Context(), added, "", "", here), passkey.ErrExpired)
}

func (ms *ModelSuite) Test_Passkey_ChallengesArePurgedAfterTheirEnd() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.later(6*time.Minute - time.Second)
	ms.Equal(1, ms.count("used_challenges"))
	ms.later(time.Second)
	ms.Zero(ms.count("used_challenges"))
}

// A purge goes by the database's clock, which may be ten seconds ahead of a node's.
func (ms *ModelSuite) Test_Passkey_AnswerWorksOnceOnANodeWhoseClockIsBehind() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	answer := ms.loginAnswer(a)
	ms.NoError(errorOf(ms.logInWith(answer)))
	models.Clock.Move(5*time.Minute - time.Second)
	models.DatabaseClock.Set(models.Clock.Now().Add(9 * time.Second))
	ms.NoError(models.Purge(ms.T().Context()))
	ms.ErrorIs(errorOf(ms.logInWith(answer)), passkey.ErrExpired)
}

func (ms *ModelSuite) Test_Passkey_ChallengeExpires() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	first, second := ms.loginAnswer(a), ms.loginAnswer(a)
	models.Clock.Move(5*time.Minute - time.Second)
	ms.NoError(errorOf(ms.logInWith(first)))
	models.Clock.Move(time.Second)
	ms.ErrorIs(errorOf(ms.logInWith(second)), passkey.ErrExpired)
}

func (ms *ModelSuite) Test_Passkey_Refused() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	stranger := passkeytest.New(site)
	stranger.Create(ms.T(), ms.options(ms.user("ada@example.com").PasskeyOptions(ms.T().Context(), models.PasskeyNew)))
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(stranger))), passkey.ErrUnknown, "not stored")
	ms.ErrorIs(errorOf(ms.logInWith(passkey.Answer{})), passkey.ErrRefused)
	// An answer to a challenge for another purpose must be refused.
	sudo := answerOf(a.Get(ms.T(), ms.options(ms.user("ada@example.com").PasskeyOptions(ms.T().Context(), models.PasskeySudo))))
	ms.ErrorIs(errorOf(ms.logInWith(sudo)), passkey.ErrRefused)

	ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here))
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(a))), passkey.ErrRefused, "removed")
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ms.T().Context(), f.ID.String(), here))
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	ms.NoError(ms.user("ada@example.com").Delete(ms.T().Context(), here))
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(a))), models.ErrDeletedAccount)
}

// A credential that another account has or had cannot be registered again.
func (ms *ModelSuite) Test_Passkey_CredentialIsUnique() {
	ms.signUp("ada@example.com")
	ms.signUp("eve@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	for range 2 { // first with a passkey in use, then with a removed one
		eve := ms.user("eve@example.com")
		clone := passkeytest.New(site)
		clone.ID = f.CredentialID
		copied := ms.created(clone, eve)
		ms.ErrorIs(eve.AddPasskey(ms.T().Context(), copied, "", "", here), passkey.ErrRefused)
		if !f.RemovedAt.Valid {
			ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here))
			f.RemovedAt.Valid = true
		}
	}
	ms.Equal(1, ms.count("factors"))
}

// excluded returns the number of passkeys that ada's options for a new one exclude.
func (ms *ModelSuite) excluded() int {
	var options struct {
		PublicKey struct{ ExcludeCredentials []any }
	}
	ms.NoError(json.Unmarshal(ms.options(ms.user("ada@example.com").PasskeyOptions(ms.T().Context(), models.PasskeyNew)), &options))
	return len(options.PublicKey.ExcludeCredentials)
}

// addAgain adds a passkey with the credential ID of f.
func (ms *ModelSuite) addAgain(f models.Factor, email string) (*passkeytest.Authenticator, error) {
	a, user := passkeytest.New(site), ms.user(email)
	a.ID = f.CredentialID
	return a, user.AddPasskey(ms.T().Context(), ms.created(a, user), "", "", here)
}

// Only passkeys in use are offered.
func (ms *ModelSuite) Test_Passkey_OptionsWithoutRemovedOnes() {
	ms.signUp("ada@example.com")
	used, removed := ms.addPasskey(passkeytest.New(site), "ada@example.com"), ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), removed.ID.String(), here))
	for _, purpose := range []string{models.PasskeySecondStep, models.PasskeySudo, models.PasskeyLinks + "x"} {
		var options struct {
			PublicKey struct{ AllowCredentials []struct{ ID string } }
		}
		ms.NoError(json.Unmarshal(ms.options(ms.user("ada@example.com").PasskeyOptions(ms.T().Context(), purpose)), &options))
		ms.Len(options.PublicKey.AllowCredentials, 1, purpose)
		ms.Equal(base64.RawURLEncoding.EncodeToString(used.CredentialID), options.PublicKey.AllowCredentials[0].ID, purpose)
	}
}

func (ms *ModelSuite) Test_Passkey_RegistrationExcludesRemovedOnes() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here))
	ms.Equal(1, ms.excluded())
	used, removed, err := models.PasskeysOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Empty(used)
	ms.Len(removed, 1)
	ms.later(models.RemovedFactorLifetime)
	ms.Zero(ms.excluded())
}

// The owner undid the addition of a passkey by mistake.
func (ms *ModelSuite) Test_Passkey_UndoneMayBeAddedAgain() {
	ms.signUp("ada@example.com")
	ms.signUp("eve@example.com")
	f := ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.notMe("passkey_added")
	ms.Zero(ms.excluded())
	ms.ErrorIs(errorOf(ms.addAgain(f, "eve@example.com")), passkey.ErrRefused, "another account")
	again, err := ms.addAgain(f, "ada@example.com")
	ms.NoError(err)
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(again))))
	ms.Equal(1, ms.count("factors"))
	ms.ErrorIs(errorOf(ms.addAgain(f, "ada@example.com")), passkey.ErrRefused, "in use")
}

// An attacker must not replace a passkey that the owner's link restores.
func (ms *ModelSuite) Test_Passkey_UndoneMayNotBeAddedAgainWhileALinkRestoresIt() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here))
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ms.T().Context(), f.ID.String(), here))
	ms.notMe(models.MailPasskeyRestored)
	ms.Equal(1, ms.excluded())
	ms.ErrorIs(errorOf(ms.addAgain(f, "ada@example.com")), passkey.ErrRefused)
	ms.notMe("passkey_removed")
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
}

// It can be neither added again nor restored otherwise.
func (ms *ModelSuite) Test_Passkey_RestoredAndUndoneMayBeRestoredAgain() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ctx, f.ID.String(), here))
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ctx, f.ID.String(), here))
	ms.notMe(models.MailPasskeyRestored)
	used, removed, err := models.PasskeysOf(ctx, ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Empty(used)
	ms.Equal([]uuid.UUID{f.ID}, removed.IDs())
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ctx, f.ID.String(), here))
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	ms.notMe("passkey_added")
	ms.ErrorIs(ms.user("ada@example.com").RestorePasskey(ctx, f.ID.String(), here), models.ErrNotFound, "its addition was undone")
}

// The first undo removes the passkey. The second, of an older change and all since, still waits.
func (ms *ModelSuite) Test_Passkey_UndoneMayNotBeAddedAgainWhileAnUndoWaits() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("totp")
	ms.turnSecondStep(true)
	f := ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.notMe("passkey_added")
	ms.later(2 * time.Hour)
	ms.notMe("second_step_on")
	ms.later(22 * time.Hour)
	ms.hasFactors([]string{"totp"}, true, "the first undo")
	ms.Equal(1, ms.excluded())
	ms.ErrorIs(errorOf(ms.addAgain(f, "ada@example.com")), passkey.ErrRefused)
	ms.later(2 * time.Hour)
	ms.Zero(ms.excluded())
	ms.NoError(errorOf(ms.addAgain(f, "ada@example.com")))
}

func (ms *ModelSuite) Test_Passkey_Names() {
	ms.signUp("ada@example.com")
	user := ms.user("ada@example.com")
	for _, test := range []struct{ typed, browser, want string }{
		{"", "", "Passkey"}, {"", "Firefox on Linux", "Firefox on Linux"}, {"My key", "Firefox on Linux", "My key"},
	} {
		ms.NoError(user.AddPasskey(ms.T().Context(), ms.created(passkeytest.New(site), user), test.typed, test.browser, here))
		list, err := models.FactorsOf(ms.T().Context(), user)
		ms.NoError(err)
		ms.Equal(test.want, list[len(list)-1].Name)
	}
	a := passkeytest.New(site)
	a.AAGUID = uuid.FromStringOrNil("d548826e-79b4-db40-a3d8-11116f7e8349")
	ms.NoError(user.AddPasskey(ms.T().Context(), ms.created(a, user), "", "Firefox on Linux", here))
	list, err := models.FactorsOf(ms.T().Context(), user)
	ms.NoError(err)
	ms.Equal("Bitwarden", list[3].Name)

	ms.signUp("eve@example.com")
	id := list[0].ID.String()
	ms.NoError(user.RenamePasskey(ms.T().Context(), id, strings.Repeat("é", 64)))
	for _, other := range []string{id, "x", ""} {
		ms.ErrorIs(ms.user("eve@example.com").RenamePasskey(ms.T().Context(), other, "Eve's"), models.ErrNotFound)
		ms.ErrorIs(ms.user("eve@example.com").RemovePasskey(ms.T().Context(), other, here), models.ErrNotFound)
		ms.ErrorIs(ms.user("eve@example.com").RestorePasskey(ms.T().Context(), other, here), models.ErrNotFound)
	}
	ms.ErrorIs(user.RestorePasskey(ms.T().Context(), id, here), models.ErrNotFound, "in use")
	ms.NoError(user.RemovePasskey(ms.T().Context(), id, here))
	ms.ErrorIs(ms.user("eve@example.com").RestorePasskey(ms.T().Context(), id, here), models.ErrNotFound)
	ms.ErrorIs(user.RemovePasskey(ms.T().Context(), id, here), models.ErrNotFound)
	ms.ErrorIs(user.RenamePasskey(ms.T().Context(), id, "again"), models.ErrNotFound)
}

func (ms *ModelSuite) Test_Passkey_LastWayIn() {
	remove := func(f models.Factor) error {
		return ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here)
	}
	ms.signUp("ada@example.com")
	first := ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.turnSecondStep(true)
	ms.ErrorIs(remove(first), models.ErrRefused, "the last for the second step")
	ms.addFactor("totp")
	ms.NoError(remove(first))

	second, third := ms.addPasskey(passkeytest.New(site), "ada@example.com"), ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.NoError(errorOf(ms.user("ada@example.com").RemovePassword(ms.T().Context(), here)))
	ms.NoError(remove(third))
	ms.ErrorIs(remove(second), models.ErrRefused, "TOTP alone does not log in")
}

// A passkey that an undo removes a day later cannot log in alone, but works as a second
// step.
func (ms *ModelSuite) Test_Passkey_DueForRemoval() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	owners, attackers := passkeytest.New(site), passkeytest.New(site)
	first := ms.addPasskey(owners, "ada@example.com")
	ms.turnSecondStep(true)
	models.Clock.Move(time.Second)
	ms.addPasskey(attackers, "ada@example.com")
	ms.notMe("passkey_added")
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(attackers))), models.ErrSecondStepOnly)
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(owners))))
	ms.ErrorIs(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), first.ID.String(), here), models.ErrRefused)
	ms.later(24 * time.Hour)
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(attackers))), passkey.ErrRefused)
	ms.hasFactors([]string{"passkey"}, true, "the owner's passkey")
}

// After a change of HOST, a passkey is no way in: the user must not remove the last one that is.
func (ms *ModelSuite) Test_Passkey_OfAnotherHostIsNoWayIn() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	ms.addPasskey(passkeytest.New(site), "ada@example.com")
	for _, host := range []string{"https://other.example", "http://192.0.2.1"} {
		ms.configure(func(c *config.Config) { c.Host, _ = url.Parse(host) })
		_, err := ms.user("ada@example.com").RemovePassword(ctx, here)
		ms.ErrorIs(err, models.ErrRefused, host)
		ms.NotEmpty(ms.user("ada@example.com").PasswordDigest)
		_, err = ms.user("ada@example.com").TurnSecondStep(ctx, true, here)
		ms.ErrorIs(err, models.ErrRefused, host)
	}
	ms.configure()
	_, err := ms.user("ada@example.com").RemovePassword(ctx, here)
	ms.NoError(err)
}

func (ms *ModelSuite) Test_Passkey_NewestHost() {
	host, err := factor.NewestPasskeyHost(ms.DB)
	ms.NoError(err)
	ms.Empty(host)
	ms.signUp("ada@example.com")
	ms.addPasskey(passkeytest.New(site), "ada@example.com")
	host, err = factor.NewestPasskeyHost(ms.DB)
	ms.NoError(err)
	ms.Equal("localhost", host)
}

// secondStepOf returns the second step that follows the right password.
func (ms *ModelSuite) secondStepOf(email string) *models.SecondStep {
	ctx, client := ms.T().Context(), here
	_, step, err := models.LogIn(ctx, models.Credentials{Email: email, Password: modelstest.Password, Client: here}, false)
	ms.NoError(err)
	client.RawSecondStep = step.Raw()
	step, err = models.FindSecondStep(ctx, client)
	ms.NoError(err)
	return step
}

func (ms *ModelSuite) passBy(step *models.SecondStep, a *passkeytest.Authenticator) error {
	answer := answerOf(a.Get(ms.T(), ms.options(step.User.PasskeyOptions(ms.T().Context(), models.PasskeySecondStep))))
	return errorOf(step.PassWithPasskey(ms.T().Context(), answer, false, here))
}

// The use of a passkey as a second step stops the passkey's removal.
func (ms *ModelSuite) Test_Passkey_DueForRemovalIsASecondStep() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	ms.turnSecondStep(true)
	ms.notMe("passkey_added")
	ms.NoError(ms.user("ada@example.com").SetPassword(ms.T().Context(), modelstest.Password))
	ms.ErrorIs(errorOf(ms.user("ada@example.com").RemovePassword(ms.T().Context(), here)), models.ErrRefused)
	ms.ErrorIs(errorOf(ms.logInWith(ms.loginAnswer(a))), models.ErrSecondStepOnly)
	ms.NoError(ms.passBy(ms.secondStepOf("ada@example.com"), a))
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
}

func (ms *ModelSuite) Test_Passkey_SecondStepEndsWithAChange() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	ms.turnSecondStep(true)
	step := ms.secondStepOf("ada@example.com")
	ms.NoError(ms.user("ada@example.com").SetPassword(ms.T().Context(), modelstest.Password))
	ms.ErrorIs(ms.passBy(step, a), models.ErrNotFound)
	ms.NoError(ms.passBy(ms.secondStepOf("ada@example.com"), a))
}

// An attacker restores a passkey that the owner had removed. The owner's link undoes this change.
func (ms *ModelSuite) Test_Passkey_RestoringIsAChange() {
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	f := ms.addPasskey(a, "ada@example.com")
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ms.T().Context(), f.ID.String(), here))
	before := ms.user("ada@example.com").CredentialVersion
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ms.T().Context(), f.ID.String(), here))
	ms.Greater(ms.user("ada@example.com").CredentialVersion, before)
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	ms.notMe("passkey_restored")
	ms.hasFactors(nothing, false, "removed again")
}

// Only failures count. The failures of an unknown browser count for all accounts.
func (ms *ModelSuite) Test_Passkey_RateLimit() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	ms.addPasskey(a, "ada@example.com")
	s, err := ms.logInWith(ms.loginAnswer(a))
	ms.NoError(err)
	for range 11 {
		ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	}
	for range 10 {
		ms.ErrorIs(errorOf(ms.logInWith(passkey.Answer{})), passkey.ErrRefused)
	}
	var limited *models.RateLimited
	ms.ErrorAs(errorOf(ms.logInWith(ms.loginAnswer(a))), &limited)
	ms.Equal(3*time.Minute, limited.RetryAfter)
	ms.ErrorAs(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"), &limited, "a login by password, too")

	known := here
	known.RawDeviceCookie = s.RawDeviceCookie
	_, err = models.LogInWithPasskey(ms.T().Context(), ms.loginAnswer(a), known, false)
	ms.NoError(err)
	for range 10 {
		_, err = models.LogInWithPasskey(ms.T().Context(), passkey.Answer{}, known, false)
		ms.ErrorIs(err, passkey.ErrRefused)
	}
	_, err = models.LogInWithPasskey(ms.T().Context(), ms.loginAnswer(a), known, false)
	ms.ErrorAs(err, &limited)
	models.Clock.Move(3 * time.Minute)
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	_, err = models.LogInWithPasskey(ms.T().Context(), ms.loginAnswer(a), known, false)
	ms.NoError(err)
}
