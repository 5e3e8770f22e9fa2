package models_test

import (
	"strings"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/purge"
	"corral/models"
)

func (ms *ModelSuite) listed(user *models.User) []string {
	sessions, err := models.SessionsOf(ms.T().Context(), user)
	ms.NoError(err)
	ips := []string{}
	for _, s := range sessions {
		ms.Equal(user.ID, s.UserID)
		ips = append(ips, s.IP)
	}
	return ips
}

func (ms *ModelSuite) startAt(user *models.User, remember bool, ip string) (rawToken string, s *models.Session) {
	started, err := models.StartSession(ms.T().Context(), user, clientAt(ip), models.Session{Remembered: remember})
	ms.NoError(err)
	return started.RawSessionToken, started.Session
}

func (ms *ModelSuite) Test_SessionsOf_LastSeenFirst() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	first, _ := ms.startAt(ada, false, "192.0.2.1")
	models.Clock.Move(time.Minute)
	ms.startAt(ada, true, "192.0.2.2")
	ms.startAt(bob, true, "192.0.2.9")
	ms.Equal([]string{"192.0.2.2", "192.0.2.1"}, ms.listed(ada))
	models.Clock.Move(time.Minute)
	_, err := ms.find(first)
	ms.NoError(err)
	ms.Equal([]string{"192.0.2.1", "192.0.2.2"}, ms.listed(ada))
	ms.Equal([]string{"192.0.2.9"}, ms.listed(bob))
}

func (ms *ModelSuite) Test_SessionsOf_OmitsExpired() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	ms.startAt(ada, true, "192.0.2.2")
	models.Clock.Move(30 * time.Minute)
	ms.Equal([]string{"192.0.2.2"}, ms.listed(ada), "idle")
	models.Clock.Move(30 * 24 * time.Hour)
	ms.Empty(ms.listed(ada))
	ms.Equal(2, ms.count("sessions"), "listing removes nothing")
}

func (ms *ModelSuite) Test_EndSessionByID() {
	ada := ms.signUp("ada@example.com")
	one, session := ms.startAt(ada, false, "192.0.2.1")
	other, _ := ms.startAt(ada, false, "192.0.2.2")
	ms.NoError(models.EndSessionByID(ms.T().Context(), ada, session.ID.String(), here))
	_, err := ms.find(one)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find(other)
	ms.NoError(err)
	ms.ErrorIs(models.EndSessionByID(ms.T().Context(), ada, session.ID.String(), here), models.ErrNotFound, "the session has ended")
}

func (ms *ModelSuite) Test_EndSessionOf_AnotherAccount() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	bobsToken, session := ms.startAt(bob, false, "192.0.2.1")
	ms.startAt(ada, false, "192.0.2.2")
	for _, id := range []string{
		session.ID.String(), uuid.Must(uuid.NewV4()).String(), uuid.Nil.String(),
		"", "1", "-1", "9223372036854775808", "' OR 1=1--", "%", session.ID.String() + "0", "\x00", "\xff", strings.Repeat("a", 1<<16),
	} {
		ms.ErrorIs(models.EndSessionByID(ms.T().Context(), ada, id, here), models.ErrNotFound, "%.40q", id)
	}
	ms.Equal(2, ms.count("sessions"))
	_, err := ms.find(bobsToken)
	ms.NoError(err)
}

func (ms *ModelSuite) Test_EndOtherSessions() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	adasToken, session := ms.startAt(ada, false, "192.0.2.1")
	ms.startAt(ada, true, "192.0.2.2")
	ms.startAt(ada, false, "192.0.2.3")
	bobsToken, _ := ms.startAt(bob, false, "192.0.2.9")
	ms.NoError(session.EndOtherSessions(ms.T().Context(), here))
	ms.Equal([]string{"192.0.2.1"}, ms.listed(ada))
	for _, rawToken := range []string{adasToken, bobsToken} {
		_, err := ms.find(rawToken)
		ms.NoError(err)
	}
}

func (ms *ModelSuite) Test_EndSessionsOf() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ms.startAt(ada, true, "192.0.2.1")
	ms.startAt(ada, false, "192.0.2.2")
	ms.startAt(bob, true, "192.0.2.9")
	ended, err := models.EndSessionsOf(ms.T().Context(), ada)
	ms.NoError(err)
	ms.Equal(2, ended)
	ms.Empty(ms.listed(ada))
	ms.Len(ms.listed(bob), 1)
	ms.Equal(1, ms.count("device_cookies"), "only Bob's browser is known")
	ended, err = models.EndSessionsOf(ms.T().Context(), ada)
	ms.NoError(err)
	ms.Zero(ended)
}

func (ms *ModelSuite) Test_EndAllSessions() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ms.signUp("bob@example.com"), false, "192.0.2.9")
	for range purge.Batch {
		ms.startAt(ada, true, "192.0.2.1")
	}
	ended, err := models.EndAllSessions(ms.T().Context())
	ms.NoError(err)
	ms.Equal(purge.Batch+1, ended)
	ms.Zero(ms.count("sessions"))
	ms.Zero(ms.count("device_cookies"))
}
