package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
)

// hashParams are OWASP's floor for argon2id: 19 MiB, two passes, one lane
// (Password Storage Cheat Sheet). Raise them and people are rehashed as they log in.
var hashParams = &argon2id.Params{
	Memory:      19456, // KiB
	Iterations:  2,
	Parallelism: 1,
	SaltLength:  16,
	KeyLength:   32,
}

// absentDigest is compared when there is no account, so that an unknown address
// takes as long as a wrong password. No password matches it.
const absentDigest = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// hashPassword returns the argon2id digest of a prepared password as a PHC string.
func hashPassword(ctx context.Context, prepared string) (string, error) {
	done, err := waitToHash(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	digest, err := argon2id.CreateHash(prepared, hashParams)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return digest, nil
}

// verifyPassword says whether the password is the digest's, and whether the
// digest was made with lesser parameters than today's.
func verifyPassword(ctx context.Context, prepared, digest string) (match, outdated bool, err error) {
	params, _, _, err := argon2id.DecodeHash(digest)
	if err != nil {
		return false, false, fmt.Errorf("reading a password digest: %w", err)
	}
	// A digest planted in the database must not take the machine's memory or time.
	if params.Memory > 16*hashParams.Memory || params.Iterations > 16*hashParams.Iterations {
		return false, false, errors.New("a password digest has absurd parameters")
	}
	done, err := waitToHash(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	match, err = argon2id.ComparePasswordAndHash(prepared, digest)
	if err != nil {
		return false, false, fmt.Errorf("comparing a password: %w", err)
	}
	return match, *params != *hashParams, nil
}
