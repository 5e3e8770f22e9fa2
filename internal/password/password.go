// Package password hashes passwords, and judges how hard new ones are to guess.
//
// A [Hasher] makes and verifies argon2id digests, and bounds the memory and the
// processor time that they take. A [Policy] judges a password that is to be set:
//
//	normalized, key := policy.Check(typed, email)
//	if key != "" {
//		// show the message of that locale key
//	}
//	digest, err := hasher.Hash(ctx, normalized)
//
// At login a password is normalized only, whatever the policy is today:
//
//	normalized, ok := password.Normalize(typed)
//	match, outdated, err := hasher.Verify(ctx, normalized, digest)
//	match = match && ok
//
// Verify takes as long when there is no account, if it is given "" as the digest.
package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
)

// hashParams are OWASP's minimum for argon2id: 19 MiB, two passes, one lane (Password
// Storage Cheat Sheet). Raise them, and Verify reports older digests as outdated.
var hashParams = &argon2id.Params{
	Memory:      19456, // KiB
	Iterations:  2,
	Parallelism: 1,
	SaltLength:  16,
	KeyLength:   32,
}

// absentDigest has today's parameters and matches no password.
const absentDigest = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// maxWait bounds the time that a hash waits for its turn. It is shorter than a
// server's write timeout, so that the client still gets an answer.
const maxWait = 10 * time.Second

// ErrBusy says that too many passwords are waiting to be hashed, or that the
// context ended while this one waited.
var ErrBusy = errors.New("too many passwords are being hashed")

// A Hasher hashes passwords, one per core at a time, in the order in which they
// came. More at once would be no faster, and each takes 19 MiB: a flood of logins
// could take all memory.
//
// The zero Hasher is always busy.
type Hasher struct {
	turns chan struct{}
}

// NewHasher returns a Hasher for as many cores as GOMAXPROCS says. A process
// should have one.
func NewHasher() *Hasher {
	return &Hasher{turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash returns the argon2id digest of a normalized password as a PHC string, or
// ErrBusy.
func (h *Hasher) Hash(ctx context.Context, normalized string) (digest string, err error) {
	done, err := h.wait(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	digest, err = argon2id.CreateHash(normalized, hashParams)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return digest, nil
}

// Verify reports whether digest is that of a normalized password, and whether it
// was made with other parameters than today's. It returns ErrBusy like Hash.
//
// The digest "" stands for no account, or one without a password. No password
// matches it, and it takes as long as any other: prevents user enumeration by
// timing.
func (h *Hasher) Verify(ctx context.Context, normalized, digest string) (match, outdated bool, err error) {
	if digest == "" {
		digest = absentDigest
	}
	p, _, _, err := argon2id.DecodeHash(digest)
	if err != nil {
		return false, false, fmt.Errorf("reading a password digest: %w", err)
	}
	// Prevents denial of service by a digest that was planted in the database.
	if p.Memory > 16*hashParams.Memory || p.Iterations > 16*hashParams.Iterations {
		return false, false, errors.New("a password digest has absurd parameters")
	}
	done, err := h.wait(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	match, err = argon2id.ComparePasswordAndHash(normalized, digest)
	if err != nil {
		return false, false, fmt.Errorf("comparing a password: %w", err)
	}
	return match, *p != *hashParams, nil
}

// wait returns when it is the caller's turn to hash.
func (h *Hasher) wait(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}
