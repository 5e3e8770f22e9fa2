package models

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"corral/config"
)

// seal encrypts a token that waits in the outbox, with AES-256-GCM under a key
// of the first secret.
func seal(rawToken string) []byte {
	aead := sealer(settings.SessionSecrets[0])
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails, crypto/rand says
	return aead.Seal(nonce, nonce, []byte(rawToken), nil)
}

// unseal decrypts what seal made under any of the secrets.
func unseal(sealed []byte) (rawToken string, err error) {
	for _, secret := range settings.SessionSecrets {
		aead := sealer(secret)
		if len(sealed) < aead.NonceSize() {
			break
		}
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
		if err == nil {
			return string(plain), nil
		}
	}
	return "", errors.New("a sealed token cannot be opened: was its secret retired?")
}

func sealer(secret string) cipher.AEAD {
	block, err := aes.NewCipher(config.DeriveKey(secret, "mail tokens"))
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM wants
	}
	return aead
}
