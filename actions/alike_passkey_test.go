package actions

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

func init() {
	formsWithEmail["passkey"] = passkeyLogin
	kindsOfEmail["taken, with a passkey"] = func(t testing.TB, email string) { addPasskeyTo(t, modelstest.SignUp(t, email)) }
	kindsOfEmail["taken, with a passkey as second step"] = func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		addPasskeyTo(t, user)
		_, err := user.TurnSecondStep(t.Context(), true, models.Client{})
		require.NoError(t, err)
	}
	kindsOfEmail["taken, without a password"] = func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		addPasskeyTo(t, user)
		_, err := user.RemovePassword(t.Context(), models.Client{})
		require.NoError(t, err)
	}
}

// addPasskeyTo adds a passkey without using the pages.
func addPasskeyTo(t testing.TB, user *models.User) {
	t.Helper()
	challenge, err := user.PasskeyOptions(t.Context(), models.PasskeyNew)
	require.NoError(t, err)
	options, err := json.Marshal(challenge)
	require.NoError(t, err)
	answer := passkey.Answer(passkeytest.New(origin).Create(t, options))
	require.NoError(t, user.AddPasskey(t.Context(), answer, "", "", models.Client{}))
}

// random matches the members that are random in each answer with options.
var random = regexp.MustCompile(`"(challenge|state)":"[^"]*"`)

// passkeyLogin requests options, fails to log in, and sends an invalid answer, seven times.
func passkeyLogin(b *browser, email string) (answers []apptest.Response) {
	for range 7 {
		options := b.PostJSON("/login/passkey/options", "{}")
		require.Equal(b.site.t, 200, options.StatusCode)
		options.Page = random.ReplaceAllStringFunc(options.Page, func(s string) string { return strings.Repeat("x", len(s)) })
		login := times(1, "/login", "password")(b, email)
		answers = append(answers, options, login[0], b.PostJSON("/login/passkey", "{}"))
	}
	return answers
}
