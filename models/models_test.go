package models_test

import (
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"

	"github.com/gobuffalo/pop/v6"
	"github.com/gobuffalo/pop/v6/logging"
	"github.com/gobuffalo/suite/v4"

	"corral/config"
	"corral/internal/outbox"
	"corral/models"
	"corral/models/modelstest"
)

// ModelSuite is Buffalo's model suite.
type ModelSuite struct{ *suite.Model }

func Test_ModelSuite(t *testing.T) {
	m, err := suite.NewModelWithFixtures(os.DirFS("../fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	if m.DB == nil {
		t.Fatal("the suite has no database") // the suite would skip assertions silently
	}
	suite.Run(t, &ModelSuite{m})
	suite.Run(t, &generated{models.ModelSuite{Model: m}})
}

// generated runs the tests that `buffalo generate` has written.
type generated struct{ models.ModelSuite }

func (g *generated) SetupTest() { (&ModelSuite{g.Model}).SetupTest() }

func (ms *ModelSuite) SetupTest() {
	ms.DB = nil // otherwise the suite would empty schema_migration
	ms.Model.SetupTest()
	ms.DB = models.DB
	modelstest.Empty(ms.T())
}

// configure is modelstest.Configure.
func (ms *ModelSuite) configure(changes ...func(*config.Config)) {
	modelstest.Configure(ms.T(), changes...)
	ms.DB = models.DB
}

// here is the default client of tests.
var here = clientAt("192.0.2.1")

func clientAt(ip string) models.Client {
	return models.Client{IP: netip.MustParseAddr(ip), UserAgent: "Test/1.0"}
}

// nthIP returns the IP of the nth client. Each is in another network.
func nthIP(n int) string { return fmt.Sprintf("10.%d.%d.1", n/256, n%256) }

func (ms *ModelSuite) signUp(email string) *models.User { return modelstest.SignUp(ms.T(), email) }

func (ms *ModelSuite) user(email string) *models.User {
	user, err := models.FindUserByEmail(ms.T().Context(), email)
	ms.NoError(err)
	return user
}

func (ms *ModelSuite) changeEmail(user *models.User, email string) {
	ms.NoError(user.RequestEmailChange(ms.T().Context(), email, models.Client{}))
	template, rawToken := ms.resolved(email)
	ms.Equal(models.MailEmailConfirm, template)
	ms.NoError(user.ConfirmEmailChange(ms.T().Context(), rawToken, models.Client{}))
}

func (ms *ModelSuite) count(table string) int {
	n, err := ms.DB.Count(table)
	ms.NoError(err)
	return n
}

func (ms *ModelSuite) mail(email string) *outbox.Mail {
	m := &outbox.Mail{}
	ms.NoError(ms.DB.Where("recipient = ?", email).Order("created_at DESC, id DESC").First(m))
	return m
}

// onStatement calls do with each SQL statement until the test ends.
func (ms *ModelSuite) onStatement(do func(statement string)) {
	pop.SetTxLogger(func(_ logging.Level, _ any, statement string, _ ...any) { do(statement) })
	ms.T().Cleanup(func() { pop.SetTxLogger(func(logging.Level, any, string, ...any) {}) })
}

func errorOf[T any](_ T, err error) error { return err }

func atOnce(all ...func() error) []error {
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, do := range all {
		done.Go(func() { errs[i] = do() })
	}
	done.Wait()
	return errs
}
