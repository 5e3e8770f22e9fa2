package models_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"corral/internal/outbox"
	"corral/internal/password"
	"corral/internal/secret"
	"corral/models"
	"corral/models/modelstest"
)

func (ms *ModelSuite) requestReset(email string) string {
	ms.NoError(models.RequestLink(ms.T().Context(), models.PurposeReset, email, "", models.Client{}))
	return ms.newestToken(email)
}

// A page whose path holds a token is not kept: the table holds only digests.
func (ms *ModelSuite) Test_Token_NextHoldsNoToken() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	for next, want := range map[string]string{
		"/account": "/account", "/posts/" + strings.Repeat("A", 44): "/posts/" + strings.Repeat("A", 44),
		"/posts/moving-a-login-from-flask-to-go-and-buffalo": "/posts/moving-a-login-from-flask-to-go-and-buffalo",
		"/auth/link/" + secret.NewToken():                    "", "/a/" + secret.NewToken() + "?b=1": "", "/a?b=" + secret.NewToken(): "",
	} {
		client := here
		client.Next = next
		ms.NoError(models.RequestLink(ctx, models.PurposeReset, "ada@example.com", "", client))
		token, err := models.FindReset(ctx, ms.newestToken("ada@example.com"))
		ms.NoError(err)
		ms.Equal(want, token.Next, next)
		ms.NoError(ms.DB.RawQuery("DELETE FROM rate_limits").Exec())
	}
}

// A form that was open during a rotation of SESSION_SECRET is accepted.
func (ms *ModelSuite) Test_Token_FormsOutliveARotation() {
	usual := modelstest.Config().SessionSecrets
	defer models.Rekey(usual...)
	rendered := models.FormDigests("token")[0]
	models.Rekey(append([]string{secret.New()}, usual...)...)
	ms.Contains(models.FormDigests("token"), rendered)
	ms.NotEqual(rendered, models.FormDigests("token")[0])
}

// newestToken returns the newest token that was mailed to an email.
func (ms *ModelSuite) newestToken(email string) string {
	m := &outbox.Mail{}
	ms.NoError(ms.DB.Where("recipient = ? AND sealed_token IS NOT NULL", email).Order("created_at DESC, id DESC").First(m))
	rawToken, err := models.Outbox.Token(m)
	ms.NoError(err)
	return rawToken
}

func (ms *ModelSuite) resets(rawToken string) bool {
	_, err := models.FindReset(ms.T().Context(), rawToken)
	if err != nil {
		ms.ErrorIs(err, models.ErrNotFound)
	}
	return err == nil
}

func (ms *ModelSuite) Test_Token_OnePurposeAndOneEmail() {
	ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	ms.True(ms.resets(rawToken))
	ms.True(ms.resets(rawToken), "FindReset does not redeem the token")
	_, err := models.FindSignup(ms.T().Context(), rawToken)
	ms.ErrorIs(err, models.ErrNotFound, "for another purpose")
	ms.requestReset("nobody@example.com")
	_, err = models.FindSignup(ms.T().Context(), modelstest.Link(ms.T(), "nobody@example.com", models.MailReset))
	ms.ErrorIs(err, models.ErrNotFound, "a reset link must not create an account")
	ms.requestSignup("ada@example.com")
	ms.False(ms.resets(modelstest.Link(ms.T(), "ada@example.com", models.MailSignup)))
	for _, wrong := range []string{"", rawToken[1:], rawToken + "A", "\x00", strings.Repeat("A", 1<<20)} {
		ms.False(ms.resets(wrong))
	}
	models.Clock.Move(time.Second)
	newer := ms.requestReset("ada@example.com")
	ms.True(ms.resets(rawToken), "a newer link does not void the older link")
	ms.True(ms.resets(newer))

	ms.NoError(ms.DB.RawQuery("UPDATE users SET email = 'else@example.com'").Exec())
	ms.False(ms.resets(newer), "mailed to a former email")
}

// A request for a mailed link, which any client can make, must not end an operator's link. A
// new password ends it.
func (ms *ModelSuite) Test_Token_InviteOutlivesARequest() {
	ms.signUp("ada@example.com")
	invite, err := models.IssueInvite(ms.T().Context(), "ada@example.com")
	ms.NoError(err)
	reset := ms.requestReset("ada@example.com")
	models.Clock.Move(models.Lifetimes[models.PurposeReset])
	ms.False(ms.resets(reset))
	ms.True(ms.resets(invite))
	ms.NoError(errorOf(models.ResetPassword(ms.T().Context(), ms.requestReset("ada@example.com"), modelstest.Password, here)))
	ms.False(ms.resets(invite))
}

func (ms *ModelSuite) Test_Token_Expires() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	models.Clock.Move(models.Lifetimes[models.PurposeReset] - time.Second)
	ms.True(ms.resets(rawToken))
	models.Clock.Move(time.Second)
	ms.False(ms.resets(rawToken))
}

func (ms *ModelSuite) Test_Token_OtherAccountsKeepTheirTokens() {
	ms.signUp("ada@example.com")
	ms.signUp("bob@example.com")
	hers, his := ms.requestReset("ada@example.com"), ms.requestReset("bob@example.com")
	ms.NoError(errorOf(models.ResetPassword(ms.T().Context(), his, "an entirely new set of words", here)))
	ms.True(ms.resets(hers))
}

// The database must contain tokens only as digests, or encrypted.
func (ms *ModelSuite) Test_Token_NotInTheDatabase() {
	ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	token, m := &models.Token{}, &outbox.Mail{}
	ms.NoError(ms.DB.First(token))
	ms.NoError(ms.DB.First(m))
	decoded, err := base64.RawURLEncoding.DecodeString(rawToken)
	ms.NoError(err)
	for _, form := range []string{rawToken, string(decoded)} {
		ms.NotContains(string(token.TokenDigest), form)
		ms.NotContains(string(m.SealedToken)+m.Data, form)
	}
	ms.False(ms.resets(string(token.TokenDigest)))
}

func (ms *ModelSuite) Test_ResetPassword_EndsSessionsAndLinks() {
	ada, bob := ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	hers, his := ms.start(ada, true), ms.start(bob, true)
	rawToken := ms.requestReset("ada@example.com")

	ms.NoError(errorOf(models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words", models.Client{})))
	ms.NoError(ms.authenticate("ada@example.com", "an entirely new set of words", "192.0.2.1"))
	ms.ErrorIs(ms.authenticate("ada@example.com", modelstest.Password, "192.0.2.1"), models.ErrBadCredentials)
	_, err := ms.find(hers)
	ms.ErrorIs(err, models.ErrNotFound)
	_, err = ms.find(his)
	ms.NoError(err)
	ms.ErrorIs(errorOf(models.ResetPassword(ms.T().Context(), rawToken, "and once more with feeling", models.Client{})), models.ErrNotFound)
	ms.Equal(2, ms.count("tokens"), "the redeemed token, for the page of its link, and the token of the notice")
	_, err = models.FindReset(ms.T().Context(), rawToken)
	var dead *models.DeadToken
	ms.ErrorAs(err, &dead)
	ms.True(dead.Redeemed)
}

func (ms *ModelSuite) Test_ResetPassword_OneOfTwentyConcurrentUsesSucceeds() {
	ms.signUp("ada@example.com")
	rawToken := ms.requestReset("ada@example.com")
	reset := func() error {
		return errorOf(models.ResetPassword(ms.T().Context(), rawToken, "an entirely new set of words", models.Client{}))
	}
	ms.onlyOne(slices.Repeat([]func() error{reset}, 20)...)
}

func (ms *ModelSuite) Test_CreateUser_Taken() {
	ms.signUp("ada@example.com")
	_, err := models.CreateUser(ms.T().Context(), "ada@example.com", "")
	ms.ErrorIs(err, models.ErrEmailTaken)
	ms.Equal(1, ms.count("users"))
}

// Only the email's index means that a link is dead.
func (ms *ModelSuite) Test_CreateUser_AnotherUniqueIndexIsAnError() {
	ms.NoError(ms.DB.RawQuery("CREATE UNIQUE INDEX users_initial ON users (SUBSTR(email, 1, 1))").Exec())
	defer func() { ms.NoError(ms.DB.RawQuery("DROP INDEX users_initial").Exec()) }()
	ms.signUp("ada@example.com")
	bob := ms.signUp("bob@example.com")
	ms.requestSignup("amy@example.com")
	_, signup := models.CompleteSignup(ms.T().Context(), ms.newestToken("amy@example.com"), modelstest.Password, "", here)
	ms.NoError(bob.RequestEmailChange(ms.T().Context(), "amy@example.org", here))
	change := bob.ConfirmEmailChange(ms.T().Context(), ms.newestToken("amy@example.org"), here)
	for _, err := range []error{signup, change} {
		ms.ErrorContains(err, "users_initial")
		ms.NotErrorIs(err, models.ErrNotFound)
	}
}

// A client must not be able to make the app hash again and again with one link, by
// disconnecting after the hash.
func (ms *ModelSuite) Test_Token_IsRedeemedAlthoughTheClientIsGone() {
	gone, disconnect := context.WithCancel(ms.T().Context())
	disconnect()
	ms.signUp("ada@example.com")
	reset := ms.requestReset("ada@example.com")
	ms.requestSignup("zoe@example.com")
	signup := modelstest.Link(ms.T(), "zoe@example.com", models.MailSignup)
	for name, use := range map[string]func() error{
		"reset":   func() error { return errorOf(models.ResetPassword(gone, reset, modelstest.Password, here)) },
		"sign-up": func() error { return errorOf(models.CompleteSignup(gone, signup, modelstest.Password, "", here)) },
	} {
		err := use()
		for errors.Is(err, password.ErrBusy) { // by chance: nothing was hashed
			err = use()
		}
		ms.NoError(err, name)
	}
	ms.NoError(ms.authenticate("zoe@example.com", modelstest.Password, "192.0.2.1"))
	ms.ErrorIs(errorOf(models.FindReset(ms.T().Context(), reset)), models.ErrNotFound)
}
