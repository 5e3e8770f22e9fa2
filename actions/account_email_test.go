package actions_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models/modelstest"
)

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
