// Package secret derives keys from the secrets that an operator sets, and makes
// and checks such secrets.
//
// A [Ring] holds the secrets of an app, the newest first. Its first secret
// signs and encrypts; all of them open, so that a secret can be replaced without
// losing what the older one sealed:
//
//	ring := secret.NewRing("shop", []string{newest, older})
//	sealed := ring.Seal("invoices", plain)
//	plain, err := ring.Open("invoices", sealed)
//
// Every key serves one purpose: a value that was sealed for one cannot be opened
// for another.
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

// A Ring derives keys from one or more secrets.
type Ring struct {
	label   string
	secrets []string
}

// NewRing returns a Ring of secrets, the newest first. There must be at least
// one. The label, such as the name of the app, separates its keys from those
// that another app derives from the same secrets.
func NewRing(label string, secrets []string) Ring { return Ring{label, secrets} }

// Key returns the key of the first secret for purpose: 32 bytes of HKDF-SHA256
// (RFC 5869). Each call derives it anew, in a few microseconds.
func (r Ring) Key(purpose string) []byte { return r.derive(r.secrets[0], purpose) }

// Keys returns the keys of all secrets for purpose, in the order of the secrets.
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
		panic(err) // unreachable: HKDF-SHA256 gives up to 8,160 bytes
	}
	return key
}

// Pairs returns a key that authenticates and one that encrypts for each secret, as
// gorilla's cookie stores take them.
func (r Ring) Pairs(purpose string) (pairs [][]byte) {
	encryption := r.Keys(purpose + ", encryption")
	for i, key := range r.Keys(purpose + ", authentication") {
		pairs = append(pairs, key, encryption[i])
	}
	return pairs
}

// Seal encrypts and authenticates plain with AES-256-GCM, under the key of the
// first secret. Equal values are sealed to different ones.
func (r Ring) Seal(purpose string, plain []byte) []byte {
	return newAEAD(r.Key(purpose)).Seal(nil, nil, plain, nil)
}

// Open decrypts what Seal returned for the same purpose, under any of the secrets.
func (r Ring) Open(purpose string, sealed []byte) ([]byte, error) {
	for _, key := range r.Keys(purpose) {
		if plain, err := newAEAD(key).Open(nil, nil, sealed, nil); err == nil {
			return plain, nil
		}
	}
	return nil, errors.New("a sealed value cannot be opened: was its secret retired?")
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

// Digest returns the HMAC-SHA256 of text under the key of the first secret, in
// URL-safe base64 (43 characters). A database that stores digests does not
// reveal the texts, not even to an attacker who guesses them.
func (r Ring) Digest(purpose, text string) string { return digest(r.Key(purpose), text) }

// Digests returns the digests of text under all secrets, in the order of the
// secrets: one of them is what Digest returned before a new secret was put first.
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
