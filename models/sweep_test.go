package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/gobuffalo/pop/v6"

	"corral/models"
	"corral/models/modelstest"
)

const day = 24 * time.Hour

func (ms *ModelSuite) sweep() { ms.NoError(models.Sweep(ms.T().Context())) }

func (ms *ModelSuite) Test_Sweep_NothingToDo() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	ms.startAt(ada, true, "192.0.2.2")
	ms.requestSignup("zoe@example.com")
	ms.ErrorIs(ms.try("ada@example.com", "wrong", "192.0.2.1"), models.ErrBadCredentials)
	tables := []string{"users", "sessions", "devices", "tokens", "throttles", "mails", "activities"}
	var before []int
	for _, table := range tables {
		before = append(before, ms.count(table))
		ms.NotZero(before[len(before)-1], table)
	}
	ms.sweep()
	for n, table := range tables {
		ms.Equal(before[n], ms.count(table), table)
	}
}

// A session is removed when it opens nothing any more, and not before.
func (ms *ModelSuite) Test_Sweep_Sessions() {
	ada := ms.signUp("ada@example.com")
	idle, busy, remembered := ms.start(ada, false), ms.start(ada, false), ms.start(ada, true)
	left := func(after time.Duration, want int, why string) {
		models.Clock.Move(after)
		ms.sweep()
		ms.Equal(want, ms.count("sessions"), why)
	}
	left(29*time.Minute, 3, "all live")
	_, err := ms.find(busy)
	ms.NoError(err)
	left(time.Minute, 2, "one was idle for half an hour")
	_, err = ms.find(idle)
	ms.ErrorIs(err, models.ErrNotFound)
	for range 34 {
		models.Clock.Move(20 * time.Minute)
		_, err = ms.find(busy)
		ms.NoError(err)
	}
	left(9*time.Minute, 2, "11 h 59 min")
	left(time.Minute, 1, "a session of the browser lasts 12 hours")
	left(30*day-12*time.Hour-time.Second, 1, "a remembered one lasts 30 days")
	_, err = ms.find(remembered)
	ms.NoError(err)
	left(time.Second, 0, "and not longer")
}

func (ms *ModelSuite) Test_Sweep_TokensAndDevices() {
	ada := ms.signUp("ada@example.com")
	ms.startAt(ada, false, "192.0.2.1")
	ms.requestSignup("zoe@example.com")
	models.Clock.Move(24*time.Hour - time.Second)
	ms.sweep()
	ms.Equal(1, ms.count("tokens"))
	models.Clock.Move(time.Second)
	ms.sweep()
	ms.Equal(0, ms.count("tokens"))
	models.Clock.Move(179*day - time.Second)
	ms.sweep()
	ms.Equal(1, ms.count("devices"))
	models.Clock.Move(time.Second)
	ms.sweep()
	ms.Equal(0, ms.count("devices"))
}

// For a week an old address is kept for whoever may want it back.
func (ms *ModelSuite) Test_Sweep_ReservedAddress() {
	ada := ms.signUp("ada@example.com")
	ms.move(ada, "ada@example.org")
	undo := modelstest.Link(ms.T(), "ada@example.com", models.MailEmailChanged)
	models.Clock.Move(7*day - time.Second)
	ms.sweep()
	email, err := models.FindEmailUndo(ms.T().Context(), undo)
	ms.NoError(err)
	ms.Equal("ada@example.com", email)
	models.Clock.Move(time.Second)
	ms.sweep()
	ms.Equal(0, ms.count("tokens"))
}

func (ms *ModelSuite) Test_Sweep_Throttles() {
	ms.wait("ada@example.com", "192.0.2.1")
	models.Clock.Move(3*time.Minute - time.Second)
	ms.sweep()
	ms.Equal(2, ms.count("throttles"))
	models.Clock.Move(time.Second)
	ms.sweep()
	ms.Equal(1, ms.count("throttles"), "the client's window is over")
	models.Clock.Move(90*day - 3*time.Minute - time.Second)
	ms.sweep()
	ms.Equal(1, ms.count("throttles"), "tries in a row are not forgotten so soon")
	models.Clock.Move(time.Second)
	ms.sweep()
	ms.Equal(0, ms.count("throttles"))
}

func (ms *ModelSuite) Test_Sweep_Activity() {
	ada := ms.signUp("ada@example.com")
	for _, address := range []string{"192.0.2.77", "2001:db8:1:2:3:4:5:6"} {
		_, err := ms.logIn("ada@example.com", modelstest.Password, models.Origin{Client: netip.MustParseAddr(address)})
		ms.NoError(err)
		models.Clock.Move(time.Second)
	}
	_, err := models.EndSessionsOf(ms.T().Context(), ada) // an operator, from nowhere
	ms.NoError(err)
	addresses := func() (list []string) {
		activity, err := models.ActivityOf(ms.T().Context(), ada, nil, 10)
		ms.NoError(err)
		for _, a := range activity {
			list = append(list, a.Address)
		}
		return list
	}
	models.Clock.Move(30*day - 3*time.Second)
	ms.sweep()
	ms.Equal([]string{"", "2001:db8:1:2:3:4:5:6", "192.0.2.77"}, addresses())
	models.Clock.Move(3 * time.Second)
	ms.sweep()
	ms.Equal([]string{"", "2001:db8:1::/48", "192.0.2.0/24"}, addresses())
	due, err := ms.DB.Where("shorten_at IS NOT NULL").Count("activities")
	ms.NoError(err)
	ms.Zero(due, "it is not found again")

	models.Clock.Move(60*day - 4*time.Second)
	ms.sweep()
	ms.Len(addresses(), 3)
	models.Clock.Move(5 * time.Second)
	ms.sweep()
	ms.Empty(addresses())
}

// What was tried at nobody's address goes first.
func (ms *ModelSuite) Test_Sweep_TriesAtNobodysAddress() {
	ada := ms.signUp("ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		ms.ErrorIs(ms.try(email, "wrong", "192.0.2.1"), models.ErrBadCredentials)
	}
	ms.sweep()
	ms.Equal(1, ms.count("activities"))
	ms.Len(ms.activity(ada), 1)
}

func (ms *ModelSuite) Test_Sweep_Mails() {
	for _, email := range []string{"sent@example.com", "failed@example.com", "waits@example.com"} {
		ms.requestSignup(email)
		models.Clock.Move(time.Second)
	}
	ms.NoError(ms.claim().Sent(ms.T().Context()))
	for m := ms.claim(); ; m = ms.claim() {
		ms.Equal("failed@example.com", m.Recipient)
		ms.NoError(m.Failed(ms.T().Context(), errors.New("no such mailbox")))
		if ms.mail(m.Recipient).FailedAt.Valid {
			break
		}
		ms.NoError(ms.DB.RawQuery("UPDATE mails SET due_at = ? WHERE recipient = ?", models.Clock.Now().Add(-time.Hour), m.Recipient).Exec())
	}
	models.Clock.Move(30*day - 5*time.Second)
	ms.sweep()
	ms.Equal(3, ms.count("mails"))
	models.Clock.Move(5 * time.Second)
	ms.sweep()
	ms.Equal(2, ms.count("mails"), "a sent one is kept for 30 days")
	models.Clock.Move(60 * day)
	ms.sweep()
	ms.Equal(1, ms.count("mails"), "one that failed for 90")
	ms.Equal([]string{models.MailSignup}, modelstest.Mails(ms.T(), "waits@example.com"))
}

// junk writes many tries at nobody's address.
func (ms *ModelSuite) junk(rows int) {
	ms.NoError(ms.DB.Transaction(func(tx *pop.Connection) error {
		for n := range rows {
			if err := tx.RawQuery(`INSERT INTO activities (id, kind, address, network, user_agent, created_at) VALUES (?, 'login_failed', '', '', '', ?)`,
				fmt.Sprintf("6ba7b810-9dad-11d1-80b4-%012x", n), models.Clock.Now()).Exec(); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Between two batches of the janitor's work, people log in.
func (ms *ModelSuite) Test_Sweep_NeverBlocksALogin() {
	ms.signUp("ada@example.com")
	ms.junk(2*models.SweepBatch + 10)
	var left []int
	models.BetweenBatches(ms.T(), func() {
		_, err := ms.logIn("ada@example.com", modelstest.Password, here)
		ms.NoError(err)
		left = append(left, ms.count("activities"))
	})
	ms.sweep()
	ms.Equal([]int{models.SweepBatch + 11, 12}, left)
	ms.Equal(2, ms.count("activities"), "the logins")
	ms.Equal(2, ms.count("sessions"))
}

// And those who log in do not hold the janitor up.
func (ms *ModelSuite) Test_Sweep_LeavesWhatOthersHold() {
	if ms.DB.Dialect.Name() != "postgres" {
		ms.T().Skip("needs PostgreSQL: SQLite has one writer at a time")
	}
	ms.wait("ada@example.com", "192.0.2.1")
	models.Clock.Move(91 * day)
	ms.NoError(ms.DB.Transaction(func(tx *pop.Connection) error {
		if err := tx.RawQuery("UPDATE throttles SET tries = tries WHERE forget_ms = (SELECT max(forget_ms) FROM throttles)").Exec(); err != nil {
			return err
		}
		ms.sweep()
		ms.Equal(1, ms.count("throttles"), "seen from beside the transaction")
		return nil
	}))
	ms.sweep()
	ms.Zero(ms.count("throttles"))
}

// Of two nodes one sweeps, and the other does not wait for it.
func (ms *ModelSuite) Test_Sweep_OneNodeAtATime() {
	if ms.DB.Dialect.Name() != "postgres" {
		ms.T().Skip("needs PostgreSQL: SQLite has one node")
	}
	ms.junk(models.SweepBatch + 10)
	pauses := 0
	models.BetweenBatches(ms.T(), func() {
		pauses++
		ms.sweep() // as another node would
		ms.Equal(10, ms.count("activities"), "it left the work to the first")
	})
	ms.sweep()
	ms.Equal(1, pauses)
	ms.Zero(ms.count("activities"))
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (ms *ModelSuite) Test_Janitor() {
	ms.junk(1)
	janitor := models.StartJanitor(slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	ms.Eventually(func() bool { return ms.count("activities") == 0 }, time.Minute, time.Millisecond)
	janitor.Stop()
}

// It is stopped in the middle of its work, and another goes on with it.
func (ms *ModelSuite) Test_Janitor_Stop() {
	ms.junk(models.SweepBatch + 10)
	log, paused, goOn := &syncBuffer{}, make(chan bool), make(chan bool)
	models.BetweenBatches(ms.T(), func() { paused <- true; <-goOn })
	janitor := models.StartJanitor(slog.New(slog.NewTextHandler(log, nil)))
	<-paused
	stopped := make(chan bool)
	go func() { janitor.Stop(); close(stopped) }()
	ms.Eventually(func() bool { return janitor.Stopping() }, time.Minute, time.Millisecond)
	close(goOn)
	<-stopped
	ms.Empty(log.String(), "to be stopped is no fault")
	ms.Equal(10, ms.count("activities"))
	ms.sweep()
	ms.Zero(ms.count("activities"))
}

func (ms *ModelSuite) Test_Janitor_FaultsAreLogged() {
	ms.NoError(ms.DB.RawQuery("ALTER TABLE throttles RENAME TO elsewhere").Exec())
	defer func() { ms.NoError(ms.DB.RawQuery("ALTER TABLE elsewhere RENAME TO throttles").Exec()) }()
	log := &syncBuffer{}
	janitor := models.StartJanitor(slog.New(slog.NewTextHandler(log, nil)))
	ms.Eventually(func() bool { return log.String() != "" }, time.Minute, time.Millisecond)
	janitor.Stop()
	ms.Contains(log.String(), `level=ERROR msg="sweep failed" error="sweeping throttles: `)
}

func (ms *ModelSuite) Test_Sweep_Cancelled() {
	ctx, cancel := context.WithCancel(ms.T().Context())
	cancel()
	ms.ErrorIs(models.Sweep(ctx), context.Canceled)
}
