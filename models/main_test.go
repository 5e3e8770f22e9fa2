package models_test

import (
	"testing"

	"corral/models/modelstest"
)

func TestMain(m *testing.M) { modelstest.Main(m) }
