package modelstest

import (
	"fmt"
	"testing"
	"time"

	"corral/internal/totp"
	"corral/models"
)

// SetTOTP sets a TOTP key of an account, which turns its second step on.
func SetTOTP(t testing.TB, email string) (key []byte, recoveryCodes []string) {
	t.Helper()
	user, err := models.FindUserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	key = totp.NewKey()
	recoveryCodes, err = user.SetTOTP(t.Context(), key, totp.Code(key, models.Clock.Now()), models.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return key, recoveryCodes
}

// NextCode moves the clock on and returns a code of TOTP that was not used yet.
func NextCode(key []byte) string {
	models.Clock.Move(30 * time.Second)
	return totp.Code(key, models.Clock.Now())
}

// WrongCode returns six digits that are no code of TOTP now.
func WrongCode(key []byte) string {
	for n := 0; ; n++ {
		code := fmt.Sprintf("%06d", n)
		if _, ok := totp.Match(key, code, models.Clock.Now()); !ok {
			return code
		}
	}
}
