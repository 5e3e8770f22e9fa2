package actions_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

// A form that is refused has to be typed again, but for the address.
func TestAccountEmail_TypedAddressIsKept(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	require.NotContains(t, b.get("/account").page, `name="email" type="email" value=`)
	for _, try := range []struct{ password, typed, kept string }{
		{"wrong", " Ada@New.example", ` value=" Ada@New.example"`},
		{modelstest.Password, `"><i>new`, ` value="&#34;&gt;&lt;i&gt;new"`},
	} {
		a := b.put("/account/email", url.Values{"current_password": {try.password}, "email": {try.typed}})
		require.Equal(t, 422, a.StatusCode)
		require.Contains(t, a.page, `id="email" name="email" type="email"`+try.kept)
		require.NotContains(t, a.page, `type="password" value`)
	}
}

// However it is spelled, one's own address is no new one: nothing is mailed.
func TestAccountEmail_OwnAddress(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@xn--mnchen-3ya.example")
	b.logIn("ada@münchen.example")
	mails := modelstest.Mails(t, "ada@xn--mnchen-3ya.example")
	for _, own := range []string{"ada@xn--mnchen-3ya.example", " Ada@MÜNCHEN.example ", "ada@mu\u0308nchen.example"} {
		a := b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {own}})
		require.Equal(t, 422, a.StatusCode, own)
		require.Contains(t, a.page, `id="email-error" role="alert">You log in with this address already.`)
	}
	require.Equal(t, mails, modelstest.Mails(t, "ada@xn--mnchen-3ya.example"))
}

// Asking again and again is answered each time, and what is kept of it in the
// cookie does not grow.
func TestAccountEmail_AskedOften(t *testing.T) {
	b := newSite(t).browser()
	modelstest.SignUp(t, "ada@example.com")
	b.logIn("ada@example.com")
	b.get("/account")
	domain := "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "example"
	for n := range 10 {
		email := strings.Repeat("a", 50) + strconv.Itoa(n) + domain
		require.Equal(t, 303, b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {email}}).StatusCode, n)
	}
	messages := flashes(b.get("/account").page)
	require.Len(t, messages, 1)
	require.Contains(t, messages[0], "a9@", "the newest")
}
