// Package secret derives keys from the secrets that an operator sets, and makes
// and checks such secrets.
//
// A [Ring] holds secrets, the newest first. It seals with the first secret and opens
// with all, so that values stay readable after a secret was replaced:
//
//	ring := secret.NewRing("shop", []string{newest, older})
//	sealed := ring.Seal("invoices", plain)
//	plain, err := ring.Open("invoices", sealed)
//
// Each key serves one purpose: a value sealed for one purpose cannot be opened for
// another.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// A Ring derives keys from secrets.
type Ring struct {
	label   string
	secrets []string
}

// NewRing returns a Ring of at least one secret, the newest first. The label, such
// as the app's name, separates its keys from those of another app with the same
// secrets.
func NewRing(label string, secrets []string) Ring { return Ring{label, secrets} }

// Key returns the first secret's key for purpose: 32 bytes of HKDF-SHA256 (RFC
// 5869), derived in a few microseconds.
func (r Ring) Key(purpose string) []byte { return r.derive(r.secrets[0], purpose) }

// Keys returns the keys of all secrets for purpose, in order.
func (r Ring) Keys(purpose string) [][]byte {
	keys := make([][]byte, len(r.secrets))
	for i, secret := range r.secrets {
		keys[i] = r.derive(secret, purpose)
	}
	return keys
}

func (r Ring) derive(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, r.label+": "+purpose, 32)
	if err != nil {
		panic(err) // unreachable: HKDF gives up to 8,160 bytes
	}
	return key
}

// Pairs returns an authentication and an encryption key for each secret, for
// gorilla's cookie stores.
func (r Ring) Pairs(purpose string) (pairs [][]byte) {
	encryption := r.Keys(purpose + ", encryption")
	for i, key := range r.Keys(purpose + ", authentication") {
		pairs = append(pairs, key, encryption[i])
	}
	return pairs
}

// Seal encrypts plain with AES-256-GCM and the first secret's key. The nonce is random:
// sealing a value twice gives two results.
func (r Ring) Seal(purpose string, plain []byte) []byte {
	return newAEAD(r.Key(purpose)).Seal(nil, nil, plain, nil)
}

// Open decrypts a value that Seal returned for the purpose, with any of the secrets.
func (r Ring) Open(purpose string, sealed []byte) ([]byte, error) {
	for _, key := range r.Keys(purpose) {
		if plain, err := newAEAD(key).Open(nil, nil, sealed, nil); err == nil {
			return plain, nil
		}
	}
	return nil, errors.New("a sealed value cannot be opened: its secret is unknown to this process")
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // unreachable: the key has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // unreachable: the cipher is AES
	}
	return aead
}

// Digest returns the HMAC-SHA256 of text under the first secret's key in URL-safe
// base64 (43 characters). Prevents guessing the text from a stolen database.
func (r Ring) Digest(purpose, text string) string { return digest(r.Key(purpose), text) }

// Digests returns the digests under all secrets, in order, to find texts that were
// digested before a rotation.
func (r Ring) Digests(purpose, text string) []string {
	digests := make([]string, len(r.secrets))
	for i, key := range r.Keys(purpose) {
		digests[i] = digest(key, text)
	}
	return digests
}

func digest(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// For returns Seal and Open for a purpose.
func (r Ring) For(purpose string) (seal func(plain []byte) []byte, open func(sealed []byte) ([]byte, error)) {
	return func(plain []byte) []byte { return r.Seal(purpose, plain) },
		func(sealed []byte) ([]byte, error) { return r.Open(purpose, sealed) }
}
