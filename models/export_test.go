package models

import (
	"github.com/gobuffalo/suite/v4"

	"corral/internal/password"
)

// ModelSuite is for the tests that `buffalo generate` writes, in this package.
// Those that are in the package models_test have one of their own.
type ModelSuite struct{ *suite.Model }

// HoldHashing runs fn while no password is hashed: whatever needs a hash waits.
func HoldHashing(fn func()) {
	usual := hasher
	hasher = new(password.Hasher)
	defer func() { hasher = usual }()
	fn()
}
