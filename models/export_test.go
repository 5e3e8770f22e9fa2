package models

import (
	"github.com/gobuffalo/suite/v4"

	"corral/internal/password"
)

// ModelSuite is for the tests that `buffalo generate` writes, in this package.
// Package models_test has one of its own.
type ModelSuite struct{ *suite.Model }

// HoldHashing runs fn while every hash has to wait.
func HoldHashing(fn func()) {
	usual := hasher
	hasher = new(password.Hasher)
	defer func() { hasher = usual }()
	fn()
}
