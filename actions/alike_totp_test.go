package actions

import (
	"testing"

	"corral/models/modelstest"
)

func init() {
	kindsOfEmail["taken, with a second step"] = func(t testing.TB, email string) {
		modelstest.SignUp(t, email)
		modelstest.SetTOTP(t, email)
	}
}
