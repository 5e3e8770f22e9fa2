package models_test

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/secret"
	"corral/models"
)

func (ms *ModelSuite) start(user *models.User, remember bool) string {
	rawToken, _ := ms.startAt(user, remember, "192.0.2.1")
	return rawToken
}

func (ms *ModelSuite) find(rawToken string) (*models.Session, error) {
	return models.FindSession(ms.T().Context(), rawToken, models.Client{IP: netip.MustParseAddr("192.0.2.1")})
}

func (ms *ModelSuite) Test_Session_Start() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.start(ada, false)
	id, secret, _ := strings.Cut(rawToken, ".")
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	ms.NoError(err)
	ms.Len(raw, 32)
	ms.NotEqual(rawToken, ms.start(ada, false))

	session, err := ms.find(rawToken)
	ms.NoError(err)
	ms.Equal(id, session.ID.String())
	ms.Equal(ada.ID, session.UserID)
	ms.Equal("ada@example.com", session.User.Email)
	rows, err := models.SessionsOf(ms.T().Context(), ada)
	ms.NoError(err)
	ms.Len(rows, 2)
	for _, row := range rows {
		ms.Equal("192.0.2.1", row.IP)
		ms.Equal("Test/1.0", row.UserAgent)
	}
}

// A browser that goes on after a change of the password starts a session like the ended one.
func (ms *ModelSuite) Test_Session_StartLikeAnEndedOne() {
	ada := ms.signUp("ada@example.com")
	ended := models.Session{ID: uuid.Must(uuid.NewV7()), UserAgent: "Old/1.0", IP: "198.51.100.1", Remembered: true, ConfirmedAt: nulls.NewTime(models.Clock.Now()), MayEnrol: true, FailedConfirmations: 9}
	models.Clock.Stop()
	s, err := models.StartSession(ms.T().Context(), ada, here, ended)
	ms.NoError(err)
	ms.NotEqual(ended.ID, s.ID)
	ms.Equal(models.Session{ID: s.ID, UserID: ada.ID, User: ada, TokenDigest: secret.TokenDigest(s.RawSessionToken),
		IP: here.IP.String(), LastSeenIP: here.IP.String(), UserAgent: here.UserAgent, CreatedAt: models.Clock.Now(), LastSeenAt: models.Clock.Now(),
		Remembered: true, ConfirmedAt: ended.ConfirmedAt, MayEnrol: true}, *s.Session)
}

// A thief with the password logs in again and again.
func (ms *ModelSuite) Test_Session_AThousandAtMost() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	others := ms.start(bob, true)
	oldest := ms.start(ada, true)
	ms.NoError(ms.DB.Transaction(func(tx *pop.Connection) error {
		for n := range 998 {
			err := tx.Create(&models.Session{ID: uuid.Must(uuid.NewV7()), UserID: ada.ID, TokenDigest: []byte{byte(n), byte(n >> 8)}, CreatedAt: models.Clock.Now(), LastSeenAt: models.Clock.Now()})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	ms.start(ada, false)
	ms.NoError(errorOf(ms.find(oldest)), "the thousandth")
	newest := ms.start(ada, false)
	ms.ErrorIs(errorOf(ms.find(oldest)), models.ErrNotFound)
	ms.NoError(errorOf(ms.find(newest)))
	ms.NoError(errorOf(ms.find(others)))
	n, err := ms.DB.Where("user_id = ?", ada.ID).Count(&models.Session{})
	ms.NoError(err)
	ms.Equal(1000, n)
}

// A new IP is stored at once, even within a minute after the last request.
func (ms *ModelSuite) Test_Session_LastSeenIP() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.start(ada, true)
	for _, ip := range []string{"192.0.2.1", "198.51.100.7", "192.0.2.1", "2001:db8::1"} {
		_, err := models.FindSession(ms.T().Context(), rawToken, models.Client{IP: netip.MustParseAddr(ip)})
		ms.NoError(err)
		rows, err := models.SessionsOf(ms.T().Context(), ada)
		ms.NoError(err)
		ms.Equal("192.0.2.1", rows[0].IP)
		ms.Equal(ip, rows[0].LastSeenIP)
	}
}

// The database must not contain the token.
func (ms *ModelSuite) Test_Session_DigestOnly() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.start(ada, false)
	rows, err := models.SessionsOf(ms.T().Context(), ada)
	ms.NoError(err)
	ms.Len(rows, 1)
	ms.Len(rows[0].TokenDigest, 32)
	ms.NotContains(string(rows[0].TokenDigest), rawToken)
	_, secret, _ := strings.Cut(rawToken, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(secret)
	ms.NoError(err)
	ms.NotContains(string(rows[0].TokenDigest), string(decoded))
	_, err = ms.find(string(rows[0].TokenDigest))
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find("")
	ms.ErrorIs(err, models.ErrNotFound)
}

func (ms *ModelSuite) Test_Session_IDWithoutSecretIsRefused() {
	ada := ms.signUp("ada@example.com")
	id, secret, _ := strings.Cut(ms.start(ada, false), ".")
	otherID, otherSecret, _ := strings.Cut(ms.start(ada, false), ".")
	for _, forged := range []string{
		id, id + ".", secret, "." + secret, id + "." + otherSecret, otherID + "." + secret, id + secret,
		strings.ToUpper(id) + "." + secret, "{" + id + "}." + secret, id + "." + secret + "A", id + "..", "\x00." + secret, "' OR 1=1--." + secret,
	} {
		_, err := ms.find(forged)
		ms.ErrorIs(err, models.ErrNotFound, "%q", forged)
		ms.NoError(errorOf(models.EndSession(ms.T().Context(), models.Client{RawSessionToken: forged})))
	}
	ms.Equal(2, ms.count("sessions"))
	_, err := ms.find(id + "." + secret)
	ms.NoError(err)
}

func (ms *ModelSuite) Test_NewID_IsUUIDv7() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1") // in a new browser, so a mail is queued
	ms.requestSignup("zoe@example.com")
	ms.ErrorIs(ms.authenticate("ada@example.com", "wrong", "192.0.2.1"), models.ErrBadCredentials)
	for _, table := range []string{"sessions", "device_cookies", "tokens", "mails", "activities"} {
		var ids []uuid.UUID
		ms.NoError(ms.DB.Store.Select(&ids, "SELECT id FROM "+table))
		ms.NotEmpty(ids, table)
		for _, id := range ids {
			ms.EqualValues(uuid.V7, id.Version(), table)
		}
	}
}

func (ms *ModelSuite) Test_Session_ExpiresIdle() {
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	models.Clock.Move(29 * time.Minute)
	_, err := ms.find(rawToken)
	ms.NoError(err)
	models.Clock.Move(29 * time.Minute)
	_, err = ms.find(rawToken)
	ms.NoError(err, "the session was not idle")
	models.Clock.Move(30 * time.Minute)
	_, err = ms.find(rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
	ms.Equal(0, ms.count("sessions"), "the row is removed, too")
}

func (ms *ModelSuite) Test_Session_ExpiresAfterItsLifetime() {
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	for range 35 {
		models.Clock.Move(20 * time.Minute)
		_, err := ms.find(rawToken)
		ms.NoError(err)
	}
	models.Clock.Move(20 * time.Minute) // after 12 hours in which the session was never idle
	_, err := ms.find(rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
}

func (ms *ModelSuite) Test_Session_Remembered() {
	models.Clock.Stop()
	rawToken := ms.start(ms.signUp("ada@example.com"), true)
	models.Clock.Move(30*24*time.Hour - time.Second)
	session, err := ms.find(rawToken)
	ms.NoError(err, "no idle limit")
	ms.Equal(session.CreatedAt.Add(30*24*time.Hour), session.ExpiresAt())
	models.Clock.Move(time.Second)
	_, err = ms.find(rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
}

// The purge removes a row when its session has ended, not before.
func (ms *ModelSuite) Test_Session_FollowsTheSettings() {
	ms.configure(func(c *config.Config) {
		c.SessionIdle, c.SessionLifetime, c.RememberLifetime = 10*time.Minute, time.Hour, 48*time.Hour
	})
	ada := ms.signUp("ada@example.com")
	for _, test := range []struct {
		remember bool
		pauses   []time.Duration // the session ends after the last
	}{
		{false, []time.Duration{10 * time.Minute}},
		{false, []time.Duration{40 * time.Second, 10*time.Minute - time.Second, 10 * time.Minute}},
		{false, slices.Repeat([]time.Duration{6 * time.Minute}, 10)},
		{true, []time.Duration{24 * time.Hour, 24 * time.Hour}},
	} {
		models.Clock.Stop()
		ms.NoError(models.DB.RawQuery("DELETE FROM sessions").Exec())
		rawToken := ms.start(ada, test.remember)
		last := len(test.pauses) - 1
		for _, pause := range test.pauses[:last] {
			models.Clock.Move(pause)
			_, err := ms.find(rawToken)
			ms.NoError(err, test)
		}
		models.Clock.Move(test.pauses[last] - time.Second)
		for _, live := range []int{1, 0} {
			sessions, err := models.SessionsOf(ms.T().Context(), ada)
			ms.NoError(err)
			ms.Len(sessions, live, test)
			ms.purge()
			ms.Equal(live, ms.count("sessions"), test)
			models.Clock.Move(time.Second)
		}
	}
}

func (ms *ModelSuite) Test_Session_LastSeenIsWrittenOnceAMinute() {
	models.Clock.Stop()
	rawToken := ms.start(ms.signUp("ada@example.com"), false)
	first, err := ms.find(rawToken)
	ms.NoError(err)
	models.Clock.Move(59 * time.Second)
	again, err := ms.find(rawToken)
	ms.NoError(err)
	ms.True(first.LastSeenAt.Equal(again.LastSeenAt))
	models.Clock.Move(2 * time.Second)
	again, err = ms.find(rawToken)
	ms.NoError(err)
	ms.GreaterOrEqual(again.LastSeenAt.Sub(first.LastSeenAt), time.Minute)
	stored := &models.Session{}
	ms.NoError(ms.DB.Find(stored, again.ID))
	ms.True(stored.LastSeenAt.Equal(again.LastSeenAt))
}

func (ms *ModelSuite) Test_Session_End() {
	ada := ms.signUp("ada@example.com")
	one, other := ms.start(ada, false), ms.start(ada, false)
	ms.NoError(errorOf(models.EndSession(ms.T().Context(), models.Client{RawSessionToken: one})))
	_, err := ms.find(one)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find(other)
	ms.NoError(err)
	ms.NoError(errorOf(models.EndSession(ms.T().Context(), models.Client{RawSessionToken: "unknown"})))
}

func (ms *ModelSuite) Test_Session_IsDeletedWithItsUser() {
	ada := ms.signUp("ada@example.com")
	rawToken := ms.start(ada, false)
	ms.NoError(ms.DB.Destroy(ada))
	_, err := ms.find(rawToken)
	ms.ErrorIs(err, models.ErrNotFound)
	ms.Equal(0, ms.count("sessions"))
}

func (ms *ModelSuite) Test_Session_UserAgentIsPrintable() {
	ada := ms.signUp("ada@example.com")
	for sent, want := range map[string]string{
		"A\x00B\r\nC\x1b[31m\xffD": "ABC[31mD",
		strings.Repeat("é", 200):   strings.Repeat("é", 127),
		strings.Repeat("x", 9999):  strings.Repeat("x", 255),
	} {
		session, err := models.StartSession(ms.T().Context(), ada, models.Client{UserAgent: sent}, models.Session{})
		ms.NoError(err)
		ms.Equal(want, session.UserAgent)

		ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, "ada@example.com", "", models.Client{UserAgent: sent}))
		var data models.MailData
		ms.NoError(json.Unmarshal([]byte(apptest.NewestMail(ms.T(), models.DB, "ada@example.com", models.MailReset).Data), &data))
		ms.Equal(want, data.UserAgent)
		models.Clock.Move(time.Second)
	}
}
