package models_test

import (
	"os"

	"github.com/gobuffalo/suite/v4/fix"

	"corral/models/modelstest"
)

func (ms *ModelSuite) Test_Fixtures_People() {
	ms.NoError(fix.Init(os.DirFS("../fixtures")))
	ms.LoadFixture("people")
	for _, email := range []string{"ada@example.com", "bob@example.com", "carol@example.com"} {
		ms.NoError(ms.authenticate(email, modelstest.Password, "192.0.2.1"))
	}
}
