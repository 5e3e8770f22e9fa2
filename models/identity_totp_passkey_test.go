package models_test

import (
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

// One way in must remain: a passkey, or a password or identity together with a factor that
// passes the second step.
func (ms *ModelSuite) Test_Identity_AWayInRemains() {
	ms.configureProviders()
	ctx := ms.T().Context()
	ms.withIdentity("ada@example.com")
	ms.ErrorIs(ms.removeIdentity("ada@example.com", issuer), models.ErrRefused)
	ms.addIdentity("ada@example.com", goneIssuer, "ada")
	ms.ErrorIs(ms.removeIdentity("ada@example.com", issuer), models.ErrRefused, "a provider that is not configured is no way in")
	ms.ErrorIs(ms.removeIdentity("ada@example.com", otherIssuer), models.ErrNotFound)
	ms.Equal([]string{"ada", "ada"}, ms.identities("ada@example.com"), "nothing was removed")

	modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.ErrorIs(ms.removeIdentity("ada@example.com", issuer), models.ErrRefused, "TOTP alone logs nobody in")
	ms.ErrorIs(ms.user("ada@example.com").RemoveTOTP(ctx, here), models.ErrRefused, "nothing would pass the second step")
	ms.NoError(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, false, here)), "the identity logs in")
	ms.NoError(ms.user("ada@example.com").RemoveTOTP(ctx, here))
	passkey := ms.addFactor(models.FactorPasskey)
	ms.NoError(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, true, here)))
	ms.NoError(ms.removeIdentity("ada@example.com", issuer), "the passkey logs in")
	ms.ErrorIs(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, false, here)), models.ErrRefused, "neither password nor identity")
	ms.ErrorIs(ms.user("ada@example.com").RemovePasskey(ctx, passkey.ID.String(), here), models.ErrRefused)

	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.ErrorIs(ms.user("ada@example.com").RemovePasskey(ctx, passkey.ID.String(), here), models.ErrRefused, "the second step is on")
	ms.NoError(errorOf(ms.user("ada@example.com").TurnSecondStep(ctx, false, here)))
	ms.NoError(ms.user("ada@example.com").RemovePasskey(ctx, passkey.ID.String(), here), "the identity logs in")
}

// An identity does not suffice to remove the password.
func (ms *ModelSuite) Test_Identity_RemovePasswordNeedsAPasskey() {
	ms.configureProviders()
	ms.signUp("ada@example.com")
	ms.addIdentity("ada@example.com", issuer, "ada")
	ms.ErrorIs(errorOf(ms.user("ada@example.com").RemovePassword(ms.T().Context(), here)), models.ErrRefused)
	modelstest.SetTOTP(ms.T(), "ada@example.com")
	ms.ErrorIs(errorOf(ms.user("ada@example.com").RemovePassword(ms.T().Context(), here)), models.ErrRefused)
	ms.True(ms.user("ada@example.com").HasPassword())
}

// The owner gets a mail about each change of a way to log in.
func (ms *ModelSuite) Test_Mail_EachChangeOfAWayIn() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	ada := func() *models.User { return ms.user("ada@example.com") }
	turn := func(on bool) error { return errorOf(ada().TurnSecondStep(ctx, on, here)) }
	var passkey string
	for _, c := range []struct {
		mail   string
		change func() error
	}{
		{models.MailPasswordChanged, func() error { return ada().ChangePassword(ctx, "an entirely new set of words", here) }},
		{models.MailIdentityAdded, func() error { return ada().AddIdentity(ctx, identityOf(issuer, "ada"), here) }},
		{models.MailIdentityRemoved, func() error { return ms.removeIdentity("ada@example.com", issuer) }},
		{models.MailTOTPAdded, func() error { modelstest.SetTOTP(ms.T(), "ada@example.com"); return nil }},
		{models.MailCodesAdded, func() error { return errorOf(ada().MakeRecoveryCodes(ctx, here)) }},
		{models.MailPasskeyAdded, func() error {
			passkey = ms.addPasskey(passkeytest.New(site), "ada@example.com").ID.String()
			return nil
		}},
		{models.MailTOTPRemoved, func() error { return ada().RemoveTOTP(ctx, here) }},
		{models.MailSecondStepOff, func() error { return turn(false) }},
		{models.MailPasskeyRemoved, func() error { return ada().RemovePasskey(ctx, passkey, here) }},
		{models.MailPasskeyRestored, func() error { return ada().RestorePasskey(ctx, passkey, here) }},
		{models.MailSecondStepOn, func() error { return turn(true) }},
		{models.MailPasswordRemoved, func() error { return errorOf(ada().RemovePassword(ctx, here)) }},
	} {
		before := len(modelstest.Mails(ms.T(), "ada@example.com"))
		ms.NoError(c.change(), c.mail)
		ms.Equal([]string{c.mail}, modelstest.Mails(ms.T(), "ada@example.com")[before:])
	}
	found, err := models.FindNotMe(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailPasswordChanged))
	ms.NoError(err)
	ms.Contains(found.Kinds, models.ActivityIdentityAdded)
	for _, void := range []string{models.ActivityPassword, models.ActivityPasswordRemoved, models.ActivityIdentityRemoved} {
		ms.NotContains(found.Kinds, void, "no undo brings a password or an identity back")
	}
}
