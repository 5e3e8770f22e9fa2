package models

import (
	"github.com/gobuffalo/suite/v4"

	"corral/internal/password"
)

// ModelSuite is for the tests that `buffalo generate` writes, in this package.
// Package models_test has one of its own.
type ModelSuite struct{ *suite.Model }

// HoldHashing runs fn while every hash has to wait.
func HoldHashing(fn func()) { hashWith(new(password.Hasher), fn) }

// HashWaits reports whether a hash waits for a core.
func HashWaits() bool { return hasher.Waiting() }

// RealHashing runs fn with hashes that cost what those of production do.
func RealHashing(fn func()) { hashWith(password.NewHasher(), fn) }

func hashWith(other *password.Hasher, fn func()) {
	usual := hasher
	hasher = other
	defer func() { hasher = usual }()
	fn()
}
