package services

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"fmt"
)

// Key derives a key from SESSION_SECRET as the app does.
func Key(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "corral: "+purpose, 32)
	if err != nil {
		panic(err) // unreachable: HKDF gives 32 bytes
	}
	return key
}

// Token returns the token of the newest mail to email with the given template. The mail
// must still be queued.
func Token(db *sql.DB, secret, template, email string) (string, error) {
	var sealed []byte
	err := db.QueryRow("SELECT sealed_token FROM mails WHERE recipient = $1 AND template = $2 ORDER BY created_at DESC, id DESC LIMIT 1", email, template).Scan(&sealed)
	if err != nil {
		return "", fmt.Errorf("no %s mail to %s: %w", template, email, err)
	}
	block, err := aes.NewCipher(Key(secret, "mail tokens"))
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	if len(sealed) < aead.NonceSize() {
		return "", fmt.Errorf("the %s mail to %s holds no token", template, email)
	}
	token, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	return string(token), err
}
