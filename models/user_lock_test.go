package models_test

import (
	"errors"
	"slices"
	"sync"

	"corral/models"
	"corral/models/modelstest"
)

// user is the account at an address, as it is now.
func (ms *ModelSuite) user(email string) *models.User {
	user, err := models.FindUserByEmail(ms.T().Context(), email)
	ms.NoError(err)
	return user
}

// Who has shown the old password comes too late once there is a new one:
// hashing takes a while, and a reset must end what the old password opens.
func (ms *ModelSuite) Test_User_ResetMeanwhile() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	ms.NoError(models.ResetPassword(ctx, ms.ask("ada@example.com"), "an entirely new set of words", here))

	_, err := models.StartSession(ctx, ada, here, true)
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.ErrorIs(ada.ChangePassword(ctx, "words of somebody else's choice", here), models.ErrBadCredentials)
	ms.ErrorIs(ada.RequestEmailChange(ctx, "eve@example.com", here), models.ErrBadCredentials)
	ms.ErrorIs(ada.Delete(ctx, here), models.ErrBadCredentials)

	ms.NoError(ms.try("ada@example.com", "an entirely new set of words", "192.0.2.1"))
	for _, table := range []string{"sessions", "devices", "tokens"} {
		ms.Zero(ms.count(table), table)
	}
	ms.Empty(modelstest.Mails(ms.T(), "eve@example.com"))
}

func (ms *ModelSuite) Test_User_DeletedMeanwhile() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	again := *ada
	ms.NoError(ada.Delete(ctx, here))
	_, err := models.StartSession(ctx, &again, here, true)
	ms.ErrorIs(err, models.ErrBadCredentials)
	ms.ErrorIs(again.Delete(ctx, here), models.ErrBadCredentials)
	ms.Equal([]string{models.MailAccountDeleted}, modelstest.Mails(ms.T(), "ada@example.com"), "one goodbye")
}

// An address that two want in the same moment is one's.
func (ms *ModelSuite) Test_User_OneAddressForTwo() {
	const wanted = "wanted@example.com"
	for range 5 {
		modelstest.Empty(ms.T())
		ctx, ada, bob := ms.T().Context(), ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
		ms.requestSignup(wanted)
		signup := ms.mailed(wanted)
		ms.NoError(ada.RequestEmailChange(ctx, wanted, here))
		hers := ms.mailed(wanted)
		ms.NoError(bob.RequestEmailChange(ctx, wanted, here))
		his := ms.mailed(wanted)
		ms.onlyOneOf(
			func() error { return ada.ConfirmEmailChange(ctx, hers, here) },
			func() error { return bob.ConfirmEmailChange(ctx, his, here) },
			func() error {
				_, err := models.CompleteSignup(ctx, signup, modelstest.Password, "", here)
				return err
			})
	}
}

// onlyOneOf runs all at once: one does it, the others hear that the link is no good.
func (ms *ModelSuite) onlyOneOf(all ...func() error) {
	errs := atOnce(all...)
	ms.Len(slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err != nil }), 1)
	for _, err := range errs {
		if err != nil {
			ms.ErrorIs(err, models.ErrNotFound)
		}
	}
}

func atOnce(all ...func() error) []error {
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, do := range all {
		done.Go(func() { errs[i] = do() })
	}
	done.Wait()
	return errs
}

// Whatever is done to an account at once: each waits for the others, and no two
// for each other, which PostgreSQL would end with an error.
func (ms *ModelSuite) Test_User_EverythingAtOnce() {
	for range 8 {
		modelstest.Empty(ms.T())
		ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
		ms.move(ada, "ada@one.example")
		undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
		reset := ms.ask("ada@one.example")
		ms.NoError(ada.RequestEmailChange(ctx, "ada@two.example", here))
		confirm := ms.mailed("ada@two.example")
		session, err := models.StartSession(ctx, ada, here, false)
		ms.NoError(err)
		as := func(do func(u *models.User) error) func() error {
			own := *ada
			return func() error { return do(&own) }
		}
		for _, err := range atOnce(
			func() error { return models.ResetPassword(ctx, reset, "an entirely new set of words", here) },
			as(func(u *models.User) error { return u.ChangePassword(ctx, "yet another new set of words", here) }),
			as(func(u *models.User) error { return u.ConfirmEmailChange(ctx, confirm, here) }),
			as(func(u *models.User) error { return u.RequestEmailChange(ctx, "ada@three.example", here) }),
			as(func(u *models.User) error { _, err := models.StartSession(ctx, u, here, false); return err }),
			func() error { return models.EndSession(ctx, models.Origin{RawSession: session.RawToken}) },
			func() error { return session.EndOtherSessions(ctx, here) },
			func() error { return models.RequestReset(ctx, "ada@one.example", "", here) },
			func() error { return models.UndoEmailChange(ctx, undo, here) },
			func() error { return ms.try("ada@one.example", "wrong", "192.0.2.9") },
			as(func(u *models.User) error { return u.Delete(ctx, here) }),
		) {
			if !errors.Is(err, models.ErrNotFound) && !errors.Is(err, models.ErrBadCredentials) {
				ms.NoError(err)
			}
		}
	}
}

// A link is good for the address that it was sent to, and void for good once
// the account has left that address, though it come back.
func (ms *ModelSuite) Test_User_LinkIsVoidAfterTheAddressCameBack() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.ask("ada@example.com")
	ms.move(ada, "ada@example.org")
	ada = ms.user("ada@example.org")
	ms.False(ms.good(rawToken))
	ms.move(ada, "ada@example.com")
	ms.False(ms.good(rawToken))
}

// What was mailed to an address that the person had goes with the account.
func (ms *ModelSuite) Test_User_DeletedWithMailsToOldAddresses() {
	ada := ms.signUp("ada@example.com")
	ms.move(ada, "ada@example.org")
	ms.NoError(ms.user("ada@example.org").Delete(ms.T().Context(), here))
	ms.Empty(modelstest.Mails(ms.T(), "ada@example.com"))
	ms.Equal([]string{models.MailAccountDeleted}, modelstest.Mails(ms.T(), "ada@example.org"))
}

func (ms *ModelSuite) Test_CreateUser_TwiceAtOnce() {
	for n := range 5 {
		create := func() error {
			_, err := models.CreateUser(ms.T().Context(), client(n)+"@example.com", "")
			return err
		}
		ms.ElementsMatch([]error{nil, models.ErrEmailTaken, models.ErrEmailTaken}, atOnce(create, create, create))
	}
}
