package models_test

import (
	"bytes"
	"errors"
	"log/slog"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/outbox"
	"corral/models"
	"corral/models/modelstest"
)

const day = 24 * time.Hour

// purge purges with the clocks of the node and the database at the same time.
func (ms *ModelSuite) purge() {
	models.DatabaseClock.Set(models.Clock.Now())
	ms.NoError(models.Purge(ms.T().Context()))
}

func (ms *ModelSuite) Test_Purge_NothingToDo() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	ms.startAt(ada, true, "192.0.2.2")
	ms.requestSignup("zoe@example.com")
	ms.ErrorIs(ms.authenticate("ada@example.com", "wrong", "192.0.2.1"), models.ErrBadCredentials)
	tables := []string{"users", "sessions", "device_cookies", "tokens", "rate_limits", "mails", "activities"}
	var before []int
	for _, table := range tables {
		before = append(before, ms.count(table))
		ms.NotZero(before[len(before)-1], table)
	}
	ms.purge()
	for n, table := range tables {
		ms.Equal(before[n], ms.count(table), table)
	}
}

func (ms *ModelSuite) Test_Purge_Sessions() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	idle, busy, remembered := ms.start(ada, false), ms.start(ada, false), ms.start(ada, true)
	left := func(after time.Duration, want int, why string) {
		models.Clock.Move(after)
		ms.purge()
		ms.Equal(want, ms.count("sessions"), why)
	}
	left(29*time.Minute, 3, "all live")
	_, err := ms.find(busy)
	ms.NoError(err)
	left(time.Minute, 2, "one session was idle for half an hour")
	_, err = ms.find(idle)
	ms.ErrorIs(err, models.ErrNotFound)
	for range 34 { // until 11 h 50 min
		models.Clock.Move(20 * time.Minute)
		_, err = ms.find(busy)
		ms.NoError(err)
	}
	left(9*time.Minute, 2, "11 h 59 min")
	left(time.Minute, 1, "a session that is not remembered lasts 12 hours")
	left(30*day-12*time.Hour-time.Second, 1, "a remembered session lasts 30 days")
	_, err = ms.find(remembered)
	ms.NoError(err)
	left(time.Second, 0, "and not longer")
}

// A node with a wrong clock must not end sessions.
func (ms *ModelSuite) Test_Purge_WrongClock() {
	ada := ms.signUp("ada@example.com")
	ms.start(ada, false)
	models.Clock.Move(40 * time.Minute)
	ms.ErrorContains(models.Purge(ms.T().Context()), "40m0s apart")
	ms.Equal(1, ms.count("sessions"))
	models.DatabaseClock.Move(40 * time.Minute)
	ms.NoError(models.Purge(ms.T().Context()))
	ms.Zero(ms.count("sessions"))
}

func (ms *ModelSuite) Test_Purge_TokensAndDeviceCookies() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	ms.requestSignup("zoe@example.com")
	models.Clock.Move(24*time.Hour + 7*day - time.Second) // lifetime of the link, and deadTokenLifetime
	ms.purge()
	ms.Equal(1, ms.count("tokens"))
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Equal(0, ms.count("tokens"))
	models.Clock.Move(172*day - time.Second) // 180 days after the login
	ms.purge()
	ms.Equal(1, ms.count("device_cookies"))
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Equal(0, ms.count("device_cookies"))
}

// The cascade of a deleted account finds few rows, since it has no batches. Here a row of
// another table keeps the account, and so prevents the cascade.
func (ms *ModelSuite) Test_Purge_RowsOfADeletedAccount() {
	models.Clock.Stop()
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	ms.startAt(ada, true, "192.0.2.1")
	ms.startAt(bob, true, "192.0.2.1")
	ms.NoError(ada.Delete(ms.T().Context(), here))
	models.Clock.Move(time.Second)
	ms.NoError(bob.Delete(ms.T().Context(), here))
	ms.NoError(ms.DB.RawQuery("CREATE TABLE keeping (user_id UUID PRIMARY KEY REFERENCES users (id))").Exec())
	defer func() { ms.NoError(ms.DB.RawQuery("DROP TABLE keeping").Exec()) }()
	ms.NoError(ms.DB.RawQuery("INSERT INTO keeping (user_id) VALUES (?)", ada.ID).Exec())
	rowsOf := func(user *models.User) (counts []int) {
		for _, table := range []string{"activities", "tokens", "device_cookies", "sessions"} {
			n, err := ms.DB.Where("user_id = ?", user.ID).Count(table)
			ms.NoError(err)
			counts = append(counts, n)
		}
		return counts
	}
	models.Clock.Move(models.DeletedUserLifetime - 2*time.Second)
	ms.purge()
	ms.Equal([]int{1, 1, 0, 0}, rowsOf(ada), "Delete has removed the others")
	models.Clock.Move(time.Second)
	models.DatabaseClock.Set(models.Clock.Now())
	ms.ErrorContains(models.Purge(ms.T().Context()), "purging users: ")
	ms.Equal([]int{0, 0, 0, 0}, rowsOf(ada))
	ms.Equal([]int{1, 1, 0, 0}, rowsOf(bob))
}

// The mail about a deletion was delivered late, after an outage. The account is kept until its
// link has expired.
func (ms *ModelSuite) Test_Purge_DeletedAccountWithALateLink() {
	models.Clock.Stop()
	ms.NoError(ms.signUp("ada@example.com").Delete(ms.T().Context(), here))
	deletedAt := models.Clock.Now()
	models.Clock.Move(3 * day)
	ms.NoError(models.StartLink(ms.T().Context(), ms.mail("ada@example.com")))
	models.Clock.Move(7*day - time.Second)
	ms.purge()
	ms.Equal([]int{1, 1, 1, 1}, []int{ms.count("users"), ms.count("tokens"), ms.count("activities"), ms.count("mails")})
	r, err := models.FindReservation(ms.T().Context(), "ada@example.com")
	ms.NoError(err)
	ms.WithinDuration(deletedAt.Add(10*day), r.Until, time.Millisecond)
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Equal([]int{0, 0, 0, 0}, []int{ms.count("users"), ms.count("tokens"), ms.count("activities"), ms.count("mails")})
}

func (ms *ModelSuite) Test_Purge_ReservedEmail() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	ms.changeEmail(ada, "ada@example.org")
	undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
	models.Clock.Move(7*day - time.Second)
	ms.purge()
	found, err := models.FindNotMe(ms.T().Context(), undo)
	ms.NoError(err)
	ms.Equal("ada@example.com", found.Email)
	models.Clock.Move(time.Second)
	_, err = models.FindNotMe(ms.T().Context(), undo)
	ms.ErrorIs(err, models.ErrNotFound)
	models.Clock.Move(7 * day)
	ms.purge()
	ms.Equal(0, ms.count("tokens"))
}

func (ms *ModelSuite) Test_Purge_RateLimits() {
	models.Clock.Stop()
	ms.retryAfterFailure("ada@example.com", "192.0.2.1")
	models.Clock.Move(3*time.Minute - time.Second)
	ms.purge()
	ms.Equal(3, ms.count("rate_limits"))
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Equal(2, ms.count("rate_limits"), "the client's window is over")
	models.Clock.Move(90*day - 3*time.Minute - time.Second)
	ms.purge()
	ms.Equal(2, ms.count("rate_limits"), "attempts in a row are kept")
	models.Clock.Move(time.Second)
	ms.purge()
	ms.Equal(0, ms.count("rate_limits"))
}

func (ms *ModelSuite) Test_Purge_Activity() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	for _, ip := range []string{"192.0.2.77", "2001:db8:1:2:3:4:5:6"} {
		_, err := ms.logIn("ada@example.com", modelstest.Password, clientAt(ip))
		ms.NoError(err)
		models.Clock.Move(time.Second)
	}
	_, err := models.EndSessionsOf(ms.T().Context(), ada) // without an IP
	ms.NoError(err)
	ips := func() (list []string) {
		activity, err := models.ActivityOf(ms.T().Context(), ada, uuid.Nil, 10)
		ms.NoError(err)
		for _, a := range activity {
			list = append(list, a.IP)
		}
		return list
	}
	models.Clock.Move(30*day - 3*time.Second)
	ms.purge()
	ms.Equal([]string{"", "2001:db8:1:2:3:4:5:6", "192.0.2.77"}, ips())
	models.Clock.Move(3 * time.Second)
	ms.purge()
	ms.Equal([]string{"", "2001:db8:1::/48", "192.0.2.0/24"}, ips())
	due, err := ms.DB.Where("shorten_at IS NOT NULL").Count("activities")
	ms.NoError(err)
	ms.Zero(due, "no IP is shortened again")

	models.Clock.Move(60*day - 4*time.Second)
	ms.purge()
	ms.Len(ips(), 3)
	models.Clock.Move(5 * time.Second)
	ms.purge()
	ms.Empty(ips())
}

func (ms *ModelSuite) Test_Purge_AttemptsWithoutAccount() {
	ada := ms.signUp("ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		ms.ErrorIs(ms.authenticate(email, "wrong", "192.0.2.1"), models.ErrBadCredentials)
	}
	ms.purge()
	ms.Equal(1, ms.count("activities"))
	ms.Len(ms.activity(ada), 1)
}

func (ms *ModelSuite) Test_Purge_DeliveredAndGivenUpMails() {
	models.Clock.Stop()
	for _, email := range []string{"sent@example.com", "failed@example.com", "waits@example.com"} {
		ms.requestSignup(email)
		models.Clock.Move(time.Second)
	}
	ctx := ms.T().Context()
	claim := func() *outbox.Mail {
		m, err := models.Outbox.Claim(ctx, ms.DB, true)
		ms.NoError(err)
		return m
	}
	ms.NoError(models.Outbox.RecordDelivered(ctx, ms.DB, claim()))
	for m := claim(); ; m = claim() {
		ms.Equal("failed@example.com", m.Recipient)
		ms.NoError(models.Outbox.RecordFailed(ctx, ms.DB, m, errors.New("no such mailbox")))
		if ms.mail(m.Recipient).GivenUpAt.Valid {
			break
		}
		// The next delivery is due at once.
		ms.NoError(ms.DB.RawQuery("UPDATE mails SET due_at = ? WHERE recipient = ?", models.Clock.Now().Add(-time.Hour), m.Recipient).Exec())
	}
	models.Clock.Move(30*day - 5*time.Second)
	ms.purge()
	ms.Equal(3, ms.count("mails"))
	models.Clock.Move(5 * time.Second)
	ms.purge()
	ms.Equal(2, ms.count("mails"), "a sent mail is kept for 30 days")
	models.Clock.Move(60 * day)
	ms.purge()
	ms.Equal(1, ms.count("mails"), "a given-up mail is kept for 90 days")
	ms.Equal([]string{models.MailSignup}, modelstest.Mails(ms.T(), "waits@example.com"))
}

func (ms *ModelSuite) Test_Janitor() {
	ms.ErrorIs(ms.authenticate("nobody@example.com", "wrong", "192.0.2.1"), models.ErrBadCredentials)
	ms.Equal(1, ms.count("activities"))
	janitor := models.StartJanitor(slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	ms.Eventually(func() bool { return ms.count("activities") == 0 }, time.Minute, time.Millisecond)
	janitor.Stop()
}
