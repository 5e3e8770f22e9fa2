package config

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// DeriveKey makes a key of 32 bytes for one purpose from a secret (HKDF-SHA256,
// RFC 5869), so that no key serves two purposes.
func DeriveKey(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "corral: "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return key
}
