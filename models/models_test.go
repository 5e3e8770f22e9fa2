package models_test

import (
	"testing"

	"github.com/gobuffalo/suite/v4"

	"corral/models"
	"corral/models/modelstest"
)

// ModelSuite is Buffalo's model suite on a database of its own.
type ModelSuite struct{ *suite.Model }

func Test_ModelSuite(t *testing.T) {
	m := suite.NewModel()
	if m.DB == nil {
		t.Fatal("the suite has no database") // it would skip every assertion on rows in silence
	}
	suite.Run(t, &ModelSuite{m})
}

func (ms *ModelSuite) SetupTest() {
	db := ms.DB
	ms.DB = nil // keeps the suite from emptying schema_migration
	ms.Model.SetupTest()
	ms.DB = db
	modelstest.Empty(ms.T())
}

func (ms *ModelSuite) signUp(email string) *models.User { return modelstest.SignUp(ms.T(), email) }

// count is the number of rows of a table.
func (ms *ModelSuite) count(table string) int {
	n, err := ms.DB.Count(table)
	ms.NoError(err)
	return n
}
