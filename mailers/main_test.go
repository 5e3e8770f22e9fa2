package mailers

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	if os.Getenv(workersVariable) != "" {
		runWorkers()
		return
	}
	modelstest.Main(m)
}

// records is a log that tests read.
type records chan string

func newRecords() records { return make(records, 10000) }

func (r records) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// Write is called with one record at a time.
func (r records) Write(record []byte) (int, error) {
	r <- string(record)
	return len(record), nil
}

// idle is a worker that sends when it is told to, in the test's own goroutine.
func idle(c config.Config) (*Worker, records) {
	log := newRecords()
	return &Worker{conf: c, sender: newSMTP(c), logger: log.logger()}, log
}

// start starts a worker for the length of a test.
func start(t testing.TB, c config.Config) (*Worker, records) {
	t.Helper()
	log := newRecords()
	w := Start(c, log.logger())
	t.Cleanup(w.Stop)
	return w, log
}

// asks are requests for a mail to each address.
func ask(t testing.TB, addresses ...string) {
	t.Helper()
	for _, email := range addresses {
		require.NoError(t, models.RequestSignup(t.Context(), email, "", models.Origin{}))
	}
}

// mailTo is the outbox's newest mail to an address.
func mailTo(t testing.TB, email string) models.Mail {
	t.Helper()
	var m models.Mail
	require.NoError(t, models.DB.WithContext(context.Background()).Where("recipient = ?", email).Order("created_at DESC").First(&m))
	return m
}
