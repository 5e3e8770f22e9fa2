package models_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"corral/models"
)

func (ms *ModelSuite) claim() *models.Mail {
	m, err := models.ClaimMail(ms.T().Context())
	ms.NoError(err)
	return m
}

func (ms *ModelSuite) nothingDue() {
	_, err := models.ClaimMail(ms.T().Context())
	ms.ErrorIs(err, models.ErrNotFound)
}

func (ms *ModelSuite) Test_Outbox_Empty() { ms.nothingDue() }

// The one that waits longest is first.
func (ms *ModelSuite) Test_Outbox_Order() {
	for _, email := range []string{"zoe@example.com", "ada@example.com", "max@example.com"} {
		ms.requestSignup(email)
		models.Clock.Move(time.Second)
	}
	ms.Equal("zoe@example.com", ms.claim().Recipient)
	ms.Equal("ada@example.com", ms.claim().Recipient)
	ms.Equal("max@example.com", ms.claim().Recipient)
	ms.nothingDue()
}

// A claimed mail is its worker's for two minutes.
func (ms *ModelSuite) Test_Outbox_Lease() {
	ms.requestSignup("zoe@example.com")
	first := ms.claim()
	models.Clock.Move(2*time.Minute - 10*time.Second)
	ms.nothingDue()
	models.Clock.Move(10 * time.Second)
	second := ms.claim()
	ms.Equal(first.ID, second.ID)
	ms.Equal(2, second.Attempts)

	// The first comes back late: the word of the second counts.
	ms.NoError(first.Failed(ms.T().Context(), errors.New("late")))
	ms.Empty(ms.mail("zoe@example.com").LastError)
	models.Clock.Move(time.Minute + 30*time.Second)
	ms.nothingDue()
	ms.NoError(second.Sent(ms.T().Context()))
	ms.NoError(first.Failed(ms.T().Context(), errors.New("late")))
	ms.NoError(second.Failed(ms.T().Context(), errors.New("late")))
	models.Clock.Move(24 * time.Hour)
	ms.nothingDue()
	ms.Empty(ms.mail("zoe@example.com").LastError)
}

func (ms *ModelSuite) Test_Outbox_SentIsDone() {
	ms.requestSignup("zoe@example.com")
	m := ms.claim()
	ms.NotEmpty(m.SealedToken)
	ms.NoError(m.Sent(ms.T().Context()))
	models.Clock.Move(24 * time.Hour)
	ms.nothingDue()
	m = ms.mail("zoe@example.com")
	ms.True(m.SentAt.Valid)
	ms.Empty(m.SealedToken)
}

// The reason is cut to what the column holds, in one line.
func (ms *ModelSuite) Test_Outbox_Reason() {
	ms.requestSignup("zoe@example.com")
	ms.NoError(ms.claim().Failed(ms.T().Context(), errors.New("554\r\n"+strings.Repeat("é", 500))))
	reason := ms.mail("zoe@example.com").LastError
	ms.True(strings.HasPrefix(reason, "554éé"), reason)
	ms.LessOrEqual(len(reason), 255)
}

// However many claim at once, each mail is claimed once.
func (ms *ModelSuite) Test_Outbox_ClaimedOnce() {
	const mails = 40
	for n := range mails {
		ms.NoError(models.RequestSignup(ms.T().Context(), string(rune('a'+n%26))+client(n)+"@example.com", "", from(n)))
	}
	var all sync.WaitGroup
	claimed := make(chan string, 8*mails)
	for range 8 {
		all.Go(func() {
			for {
				m, err := models.ClaimMail(ms.T().Context())
				if err != nil {
					ms.ErrorIs(err, models.ErrNotFound)
					return
				}
				claimed <- m.Recipient
			}
		})
	}
	all.Wait()
	close(claimed)
	seen := map[string]bool{}
	for recipient := range claimed {
		ms.False(seen[recipient], recipient)
		seen[recipient] = true
	}
	ms.Len(seen, mails)
}

// from is the nth client.
func from(n int) models.Origin { return models.Origin{Client: netip.MustParseAddr(client(n))} }
