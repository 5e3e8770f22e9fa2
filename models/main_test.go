package models_test

import (
	"os"
	"testing"

	"corral/models/modelstest"
)

func TestMain(m *testing.M) {
	if databaseURL := os.Getenv(victimVariable); databaseURL != "" {
		runVictim(databaseURL)
		return
	}
	modelstest.Main(m, ".")
}
