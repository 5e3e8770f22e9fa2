package actions_test

import (
	"testing"

	"corral/actions/view"
	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	view.LeftToPlush = func(template string) { panic(template + " says what only plush knows: see view/compile.go") }
	modelstest.Main(m)
}
