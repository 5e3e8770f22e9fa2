// Package password hashes passwords and judges how guessable new ones are.
//
// A [Hasher] makes and verifies argon2id digests with bounded memory and CPU. A
// [Policy] judges new passwords:
//
//	normalized, key := policy.Check(typed, email)
//	if key != "" {
//		// show the message of that locale key
//	}
//	digest, err := hasher.Hash(ctx, place, normalized)
//
// Login only normalizes, because the policy may have changed:
//
//	normalized, ok := password.Normalize(typed)
//	match, outdated, err := hasher.Verify(ctx, place, normalized, digest)
//	match = match && ok
//
// Hashes get a CPU core in the order of their [Place]: known browsers come first, and networks
// take turns. If there is no account, pass the digest "", which takes as long to
// verify.
package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
)

// hashParams are OWASP's minimum for argon2id: 19 MiB, two passes, one lane
// (Password Storage Cheat Sheet). If you raise them, Verify reports older digests as
// outdated.
var hashParams = &argon2id.Params{
	Memory:      19456, // KiB
	Iterations:  2,
	Parallelism: 1,
	SaltLength:  16,
	KeyLength:   32,
}

var testParams = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

func absentDigest(p *argon2id.Params) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", p.Memory, p.Iterations, p.Parallelism)
}

// ErrBusy means that a hash was not computed: it waited too long, its context ended,
// or too many hashes of its network were waiting.
var ErrBusy = errors.New("too many passwords are being hashed")

// A Hasher hashes one password per core at a time. Prevents memory exhaustion by a
// flood of logins: each hash takes 19 MiB, and more hashes at a time would not be faster.
//
// The zero Hasher is always busy.
type Hasher struct {
	queue
	params *argon2id.Params // nil is hashParams
}

// NewHasher returns a Hasher for GOMAXPROCS cores. A process should have one.
func NewHasher() *Hasher {
	return &Hasher{queue: queue{cores: runtime.GOMAXPROCS(0)}}
}

// NewTestHasher returns a Hasher for tests, whose hashes are cheap. A Hasher from
// NewHasher reports their digests as outdated.
func NewTestHasher() *Hasher {
	h := NewHasher()
	h.params = testParams
	return h
}

// Hash returns the argon2id digest of a normalized password as a PHC string, or
// ErrBusy.
func (h *Hasher) Hash(ctx context.Context, place Place, normalized string) (digest string, err error) {
	done, err := h.wait(ctx, place)
	if err != nil {
		return "", err
	}
	defer done()
	digest, err = argon2id.CreateHash(normalized, cmp.Or(h.params, hashParams))
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return digest, nil
}

// Verify reports whether digest matches a normalized password, and whether its
// parameters are outdated. It may return ErrBusy.
//
// The digest "" means that there is no account, or that it has no password. It never
// matches but takes as long: prevents user enumeration by timing.
func (h *Hasher) Verify(ctx context.Context, place Place, normalized, digest string) (match, outdated bool, err error) {
	current := cmp.Or(h.params, hashParams)
	if digest == "" {
		digest = absentDigest(current)
	}
	p, _, _, err := argon2id.DecodeHash(digest)
	if err != nil {
		return false, false, fmt.Errorf("reading a password digest: %w", err)
	}
	// Prevents denial of service by a digest that an attacker wrote to the database.
	if p.Memory > 16*hashParams.Memory || p.Iterations > 16*hashParams.Iterations {
		return false, false, errors.New("a password digest has absurd parameters")
	}
	done, err := h.wait(ctx, place)
	if err != nil {
		return false, false, err
	}
	defer done()
	match, err = argon2id.ComparePasswordAndHash(normalized, digest)
	if err != nil {
		return false, false, fmt.Errorf("comparing a password: %w", err)
	}
	return match, *p != *current, nil
}
