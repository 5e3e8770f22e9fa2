package models_test

import (
	"errors"
	"slices"

	"corral/models"
	"corral/models/modelstest"
)

// A reset while the old password is being verified makes that attempt fail.
func (ms *ModelSuite) Test_User_ResetMeanwhile() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(errorOf(models.ResetPassword(ctx, ms.requestReset("ada@example.com"), "an entirely new set of words", here)))

	_, err := models.StartSession(ctx, ada, here, models.Session{Remembered: true})
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.ErrorIs(ada.ChangePassword(ctx, "words of an attacker's choice", here), models.ErrBadCredentials)
	ms.ErrorIs(ada.RequestEmailChange(ctx, "eve@example.com", here), models.ErrBadCredentials)
	ms.ErrorIs(ada.Delete(ctx, here), models.ErrBadCredentials)

	ms.NoError(ms.authenticate("ada@example.com", "an entirely new set of words", "192.0.2.1"))
	for table, want := range map[string]int{"sessions": 0, "device_cookies": 1, "tokens": 2} {
		ms.Equal(want, ms.count(table), table) // the browser of the reset is known, its token is kept, its mail has a link
	}
	ms.Empty(modelstest.Mails(ms.T(), "eve@example.com"))
}

func (ms *ModelSuite) Test_User_DeletedMeanwhile() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	again := *ada
	ms.NoError(ada.Delete(ctx, here))
	_, err := models.StartSession(ctx, &again, here, models.Session{Remembered: true})
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.ErrorIs(again.Delete(ctx, here), models.ErrBadCredentials)
	ms.Equal([]string{models.MailAccountDeleted}, modelstest.Mails(ms.T(), "ada@example.com"), "one notice")
}

func (ms *ModelSuite) Test_User_OneOfThreeGetsTheEmail() {
	const wanted = "wanted@example.com"
	for range 5 {
		modelstest.Empty(ms.T())
		ctx, ada, bob := ms.T().Context(), ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
		ms.requestSignup(wanted)
		signup := ms.newestToken(wanted)
		ms.NoError(ada.RequestEmailChange(ctx, wanted, here))
		hers := ms.newestToken(wanted)
		ms.NoError(bob.RequestEmailChange(ctx, wanted, here))
		his := ms.newestToken(wanted)
		ms.onlyOne(
			func() error { return ada.ConfirmEmailChange(ctx, hers, here) },
			func() error { return bob.ConfirmEmailChange(ctx, his, here) },
			func() error {
				_, err := models.CompleteSignup(ctx, signup, modelstest.Password, "", here)
				return err
			})
	}
}

// onlyOne runs functions concurrently. One must succeed, the others must return ErrNotFound.
func (ms *ModelSuite) onlyOne(all ...func() error) {
	errs := atOnce(all...)
	ms.Len(slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err != nil }), 1)
	for _, err := range errs {
		if err != nil {
			ms.ErrorIs(err, models.ErrNotFound)
		}
	}
}

func (ms *ModelSuite) Test_User_ConcurrentChangesDoNotDeadlock() {
	for range 8 {
		modelstest.Empty(ms.T())
		ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
		ms.changeEmail(ada, "ada@one.example")
		undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
		reset := ms.requestReset("ada@one.example")
		ms.NoError(ada.RequestEmailChange(ctx, "ada@two.example", here))
		confirm := ms.newestToken("ada@two.example")
		session, err := models.StartSession(ctx, ada, here, models.Session{})
		ms.NoError(err)
		as := func(do func(u *models.User) error) func() error {
			own := *ada
			return func() error { return do(&own) }
		}
		for _, err := range atOnce(
			func() error { return errorOf(models.ResetPassword(ctx, reset, "an entirely new set of words", here)) },
			as(func(u *models.User) error { return u.ChangePassword(ctx, "yet another new set of words", here) }),
			as(func(u *models.User) error { return u.ConfirmEmailChange(ctx, confirm, here) }),
			as(func(u *models.User) error { return u.RequestEmailChange(ctx, "ada@three.example", here) }),
			as(func(u *models.User) error {
				_, err := models.StartSession(ctx, u, here, models.Session{})
				return err
			}),
			func() error {
				return errorOf(models.EndSession(ctx, models.Client{RawSessionToken: session.RawSessionToken}))
			},
			func() error { return session.EndOtherSessions(ctx, here) },
			func() error { return models.RequestLink(ctx, models.PurposeReset, "ada@one.example", "", here) },
			func() error { return models.Undo(ctx, undo, here) },
			func() error { return ms.authenticate("ada@one.example", "wrong", "192.0.2.9") },
			as(func(u *models.User) error { return u.Delete(ctx, here) }),
		) {
			if !errors.Is(err, models.ErrNotFound) && !errors.Is(err, models.ErrBadCredentials) {
				ms.NoError(err)
			}
		}
	}
}

func (ms *ModelSuite) Test_User_LinkIsVoidAfterTheEmailCameBack() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	invite, err := models.IssueInvite(ms.T().Context(), "ada@example.com")
	ms.NoError(err)
	ms.changeEmail(ada, "ada@example.org")
	ada = ms.user("ada@example.org")
	ms.False(ms.resets(rawToken))
	ms.changeEmail(ada, "ada@example.com")
	ms.False(ms.resets(rawToken))
	ms.False(ms.resets(invite))
}

func (ms *ModelSuite) Test_CreateUser_OneOfConcurrentCallsSucceeds() {
	for n := range 5 {
		create := func() error {
			_, err := models.CreateUser(ms.T().Context(), nthIP(n)+"@example.com", "")
			return err
		}
		ms.ElementsMatch([]error{nil, models.ErrEmailTaken, models.ErrEmailTaken}, atOnce(create, create, create))
	}
}
