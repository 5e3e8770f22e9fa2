package models_test

import (
	"slices"
	"time"

	"github.com/gofrs/uuid"

	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) activity(user *models.User) []string {
	list, err := models.ActivityOf(ms.T().Context(), user, uuid.Nil, 100)
	ms.NoError(err)
	kinds := []string{}
	for _, a := range list {
		ms.Equal(user.ID, a.UserID.UUID)
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

func (ms *ModelSuite) logIn(email, password string, client models.Client) (*models.LoggedIn, error) {
	s, _, err := models.LogIn(ms.T().Context(), models.Credentials{Email: email, Password: password, Client: client}, false)
	return s, err
}

func (ms *ModelSuite) Test_Activity_Login() {
	ada := ms.signUp("ada@example.com")
	client := clientAt("192.0.2.77")
	client.UserAgent = "Fire\r\nfox\x00"
	_, err := ms.logIn("Ada@example.com", "wrong", client)
	ms.ErrorIs(err, models.ErrBadCredentials)
	models.Clock.Move(time.Second)
	s, err := ms.logIn("ada@example.com", modelstest.Password, client)
	ms.NoError(err)
	models.Clock.Move(time.Second)
	client.RawDeviceCookie, client.RawSessionToken = s.RawDeviceCookie, s.RawSessionToken
	ms.NoError(errorOf(models.EndSession(ms.T().Context(), client)))
	ms.NoError(errorOf(models.EndSession(ms.T().Context(), client)), "the session has ended already")
	models.Clock.Move(time.Second)
	_, err = ms.logIn("ada@example.com", modelstest.Password, client)
	ms.NoError(err)
	ms.Equal([]string{"login", "logout", "login_new_browser", "login_failed"}, ms.activity(ada))

	list, err := models.ActivityOf(ms.T().Context(), ada, uuid.Nil, 1)
	ms.NoError(err)
	ms.Equal("192.0.2.77", list[0].IP)
	ms.Equal("192.0.2.0/24", list[0].Network)
	ms.Equal("Firefox", list[0].UserAgent)
	ms.WithinDuration(models.Clock.Now(), list[0].CreatedAt, time.Minute)
}

func (ms *ModelSuite) Test_Activity_FailedAttempt() {
	ada := ms.signUp("ada@example.com")
	for n, email := range []string{"ada@example.com", "nobody@example.com", "no email at all", "ADA@example.com "} {
		ms.ErrorIs(ms.authenticate(email, "wrong", "192.0.2.1"), models.ErrBadCredentials)
		ms.Equal(n+1, ms.count("activities"))
	}
	ms.Equal([]string{"login_failed", "login_failed"}, ms.activity(ada))
}

func (ms *ModelSuite) Test_Activity_RateLimitedAttemptWritesNothing() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	for range 8 {
		ms.retryAfterFailure("ada@example.com", "192.0.2.1")
	}
	ms.Len(ms.activity(ada), 5, "without the rate-limited attempts")
}

// A confirmation with the right password is not recorded.
func (ms *ModelSuite) Test_Activity_Authenticate() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"))
	ms.Empty(ms.activity(ada))
}

func (ms *ModelSuite) Test_Activity_EndedSessions() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ctx := ms.T().Context()
	_, one := ms.startAt(ada, false, "192.0.2.1")
	_, other := ms.startAt(ada, false, "192.0.2.2")
	ms.ErrorIs(models.EndSessionByID(ctx, bob, one.ID.String(), here), models.ErrNotFound)
	ms.NoError(models.EndSessionByID(ctx, ada, one.ID.String(), here))
	models.Clock.Move(time.Second)
	ms.ErrorIs(other.EndOtherSessions(ctx, here), models.ErrNotFound, "there is no other session")
	ms.startAt(ada, false, "192.0.2.3")
	ms.NoError(other.EndOtherSessions(ctx, here))
	models.Clock.Move(time.Second)
	_, err := models.EndSessionsOf(ctx, ada)
	ms.NoError(err)
	ms.Equal([]string{"operator_ended", "others_ended", "session_ended"}, ms.activity(ada))
	ms.Empty(ms.activity(bob))
}

func (ms *ModelSuite) Test_Activity_ExpiryIsNotRecorded() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.start(ada, false)
	models.Clock.Move(24 * time.Hour)
	_, err := ms.find(rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
	ms.NoError(errorOf(models.EndSession(ms.T().Context(), models.Client{RawSessionToken: rawToken})))
	ms.Empty(ms.activity(ada))
}

// After an undo the owner sees what the attacker did.
func (ms *ModelSuite) Test_Activity_Account() {
	ada, ctx := ms.signUp("ada@example.com"), ms.T().Context()
	ms.changeEmail(ada, "ada@example.org")
	models.Clock.Move(time.Second)
	ms.NoError(ada.ChangePassword(ctx, modelstest.Password, here))
	models.Clock.Move(time.Second)
	ms.NoError(models.Undo(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged), here))
	models.Clock.Move(time.Second)
	ms.NoError(errorOf(models.ResetPassword(ctx, modelstest.Link(ms.T(), "ada@example.com", models.MailReset), modelstest.Password, here)))
	kinds := ms.activity(ada)
	ms.Equal([]string{"password_reset", "undone", "password"}, kinds[:3])
	ms.ElementsMatch([]string{"email", "email_requested"}, kinds[3:])

	ada = ms.user("ada@example.com")
	ms.NoError(ada.Delete(ctx, here))
	ms.Equal("deleted", ms.activity(ada)[0])
	models.Clock.Move(models.DeletedUserLifetime)
	ms.purge()
	ms.Zero(ms.count("activities"), "removed with the account")
}

// An action is undone if its activity cannot be stored.
func (ms *ModelSuite) Test_Activity_IsRolledBackWithItsTransaction() {
	ada := ms.signUp("ada@example.com")
	_, session := ms.startAt(ada, false, "192.0.2.1")
	ms.startAt(ada, false, "192.0.2.2")
	ms.NoError(ms.DB.RawQuery("ALTER TABLE activities RENAME TO elsewhere").Exec())
	defer func() { ms.NoError(ms.DB.RawQuery("ALTER TABLE elsewhere RENAME TO activities").Exec()) }()
	ms.Error(models.EndSessionByID(ms.T().Context(), ada, session.ID.String(), here))
	ms.Error(session.EndOtherSessions(ms.T().Context(), here))
	ms.Equal(2, ms.count("sessions"))
	_, err := ms.logIn("ada@example.com", modelstest.Password, here)
	ms.Error(err)
	ms.Equal(2, ms.count("sessions"))
}

// Each row is on exactly one page, even if rows have the same time, or are added between pages.
func (ms *ModelSuite) Test_ActivityOf_Pages() {
	models.Clock.Stop()
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	for n := range 23 {
		_, session := ms.startAt(ada, false, "192.0.2.1")
		ms.NoError(session.EndOtherSessions(ms.T().Context(), here))
		if n%5 == 4 {
			models.Clock.Move(time.Microsecond)
		}
	}
	var seen []uuid.UUID
	before := uuid.Nil
	for range 3 {
		page, err := models.ActivityOf(ms.T().Context(), ada, before, 10)
		ms.NoError(err)
		for _, a := range page {
			ms.False(slices.Contains(seen, a.ID))
			seen = append(seen, a.ID)
		}
		before = page[len(page)-1].ID
		_, session := ms.startAt(ada, false, "192.0.2.1")
		ms.NoError(session.EndOtherSessions(ms.T().Context(), here))
	}
	ms.Len(seen, 23)
	page, err := models.ActivityOf(ms.T().Context(), ada, before, 10)
	ms.NoError(err)
	ms.Empty(page)
	page, err = models.ActivityOf(ms.T().Context(), bob, uuid.Nil, 10)
	ms.NoError(err)
	ms.Empty(page)
}
