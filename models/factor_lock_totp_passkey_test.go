package models_test

import (
	"corral/internal/passkey/passkeytest"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// again repeats a change of ada's account while concurrent changes make it fail.
func (ms *ModelSuite) again(change func(u *models.User) error) func() error {
	return func() error {
		for {
			if err := change(ms.user("ada@example.com")); err != models.ErrBadCredentials {
				return err
			}
		}
	}
}

// Concurrent requests remove all that they can. The account must keep a way to log in.
func (ms *ModelSuite) Test_Factors_LastOnesRemovedAtOnce() {
	ctx := ms.T().Context()
	for _, secondStep := range []bool{false, true} {
		for range 4 {
			modelstest.Empty(ms.T())
			ms.signUp("ada@example.com")
			passkey := ms.addPasskey(passkeytest.New(site), "ada@example.com")
			modelstest.SetTOTP(ms.T(), "ada@example.com")
			if !secondStep {
				ms.turnSecondStep(false)
			}
			for _, err := range atOnce(
				ms.again(func(u *models.User) error { return u.RemovePasskey(ctx, passkey.ID.String(), here) }),
				ms.again(func(u *models.User) error { return u.RemoveTOTP(ctx, here) }),
				ms.again(func(u *models.User) error { return errorOf(u.RemovePassword(ctx, here)) }),
			) {
				if err != nil {
					ms.ErrorIs(err, models.ErrRefused)
				}
			}
			has := map[string]bool{}
			kinds, on := ms.has("ada@example.com")
			for _, kind := range kinds {
				has[kind] = true
			}
			password := ms.user("ada@example.com").HasPassword()
			ms.True(has["passkey"] || password && (!on || has["totp"]), "%v, password %v, second step %v", kinds, password, on)
		}
	}
}

// The owner ends the links of a former email while such a link is opened. Only one succeeds.
func (ms *ModelSuite) Test_EndLinks_AgainstAnUndo() {
	ctx := ms.T().Context()
	for range 8 {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		passkey := ms.addFactor("passkey")
		models.Clock.Move(8 * day) // only a factor older than seven days ends links
		ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
		ada := ms.user("ada@example.org")
		id, link := ms.lost(ada)["ada@example.com"], modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
		errs := atOnce(
			func() error { return models.EndLinks(ctx, ada, id, passkey, here) },
			func() error { return models.Undo(ctx, link, here) },
		)
		if errs[0] == nil {
			ms.ErrorIs(errs[1], models.ErrNotFound)
			ms.user("ada@example.org")
		} else {
			ms.ErrorIs(errs[0], models.ErrBadCredentials)
			ms.NoError(errs[1])
			ms.user("ada@example.com")
		}
	}
}

// All changes of factors run concurrently. There must be no deadlock.
func (ms *ModelSuite) Test_Factors_ConcurrentChangesDoNotDeadlock() {
	ctx := ms.T().Context()
	for range 4 {
		modelstest.Empty(ms.T())
		models.Clock.Stop()
		ms.signUp("ada@example.com")
		a := passkeytest.New(site)
		passkey := ms.addPasskey(a, "ada@example.com")
		key, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
		ms.notMe(models.MailTOTPAdded)
		ms.NoError(ms.user("ada@example.com").SetPassword(ctx, modelstest.Password))
		client := ms.passPassword(here)
		models.Clock.Move(models.UndoDelay)
		login, ada := ms.loginAnswer(a), ms.user("ada@example.com")
		created, session := ms.created(passkeytest.New(site), ada), ms.found(ada)
		other, user := *session, *session.User // each request reads its own
		other.User = &user
		code := totp.Code(key, models.Clock.Now())
		as := func(do func(u *models.User) error) func() error {
			own := *ada
			return func() error { return do(&own) }
		}
		for _, err := range atOnce(
			func() error { return models.FinishUndos(ctx) },
			func() error { return models.FinishUndos(ctx) },
			func() error {
				return models.Undo(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailPasskeyAdded), here)
			},
			func() error { return errorOf(ms.logInWith(login)) },
			func() error { return ms.pass(code, "192.0.2.2") },
			func() error { return ms.pass(codes[0], "192.0.2.3") },
			func() error { return errorOf(models.FindSecondStep(ctx, client)) },
			func() error { return session.DecideUndo(ctx, true, here) },
			func() error { return ms.confirmWithCode(&other, codes[1]) },
			as(func(u *models.User) error { return u.AddPasskey(ctx, created, "", "", here) }),
			as(func(u *models.User) error { return u.RemovePasskey(ctx, passkey.ID.String(), here) }),
			as(func(u *models.User) error { return u.RemoveTOTP(ctx, here) }),
			as(func(u *models.User) error { return errorOf(u.MakeRecoveryCodes(ctx, here)) }),
			as(func(u *models.User) error { return errorOf(u.TurnSecondStep(ctx, false, here)) }),
			as(func(u *models.User) error { return errorOf(u.RemovePassword(ctx, here)) }),
			as(func(u *models.User) error { return errorOf(u.ResetFactors(ctx, false)) }),
			as(func(u *models.User) error { return models.EndSkips(ctx, u, "", here) }),
		) {
			if !isRefusal(err) {
				ms.NoError(err)
			}
		}
	}
}
