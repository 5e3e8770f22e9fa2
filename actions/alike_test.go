package actions_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// kindsOfAddress are those that a visitor must not be able to tell apart. Each
// is made ready by what happened to it before, and has as many letters.
var kindsOfAddress = map[string]func(t testing.TB, email string){
	"free": func(testing.TB, string) {},
	"taken": func(t testing.TB, email string) {
		modelstest.SignUp(t, email)
	},
	"taken, in another language": func(t testing.TB, email string) {
		require.NoError(t, modelstest.SignUp(t, email).ChooseLanguage(t.Context(), "de"))
	},
	"invited, without a password yet": func(t testing.TB, email string) {
		_, err := models.CreateUser(t.Context(), email, "")
		require.NoError(t, err)
	},
	"deleted": func(t testing.TB, email string) {
		require.NoError(t, modelstest.SignUp(t, email).Delete(t.Context(), models.Origin{}))
	},
	"kept for who had it": func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		require.NoError(t, user.RequestEmailChange(t.Context(), "new-"+email, models.Origin{}))
		require.NoError(t, user.ConfirmEmailChange(t.Context(), modelstest.Link(t, "new-"+email, models.MailEmailConfirm), models.Origin{}))
	},
	"wanted by somebody": func(t testing.TB, email string) {
		require.NoError(t, models.RequestSignup(t.Context(), email, "", models.Origin{}))
	},
}

// visit is what somebody does with an address: each answer is compared.
type visit func(b *browser, email string) []answer

// times repeats a form, up to and beyond what the address's throttle allows.
func times(count int, path string, fields ...string) visit {
	return func(b *browser, email string) (answers []answer) {
		for range count {
			form := url.Values{"email": {email}}
			for _, field := range fields {
				form.Set(field, "not the password of anybody")
			}
			a := b.post(path, form)
			answers = append(answers, a)
			if a.location() != "" {
				answers = append(answers, b.get(a.location()))
			}
		}
		return answers
	}
}

// What a visitor gets, at each form that takes an address: the status, the
// headers, the cookies' names, lengths and attributes, and every byte of the
// page, until well after the throttle has closed.
func TestAlike(t *testing.T) {
	for form, visit := range map[string]visit{
		"login":           times(8, "/login", "password"),
		"sign up":         times(5, "/signup"),
		"forgot":          times(5, "/password/forgot"),
		"change of email": changeEmail,
	} {
		s := newProductionSite(t, func(c *config.Config) { c.TrustedProxies = loopback(t) })
		models.Clock.Stop() // what is counted in seconds is the same for all
		var expected []answer
		n := 0
		for kind, prepare := range kindsOfAddress {
			n++
			email := fmt.Sprintf("person-%02d@example.com", n)
			prepare(t, email)
			b := s.browser()
			b.header.Set("X-Forwarded-Proto", "https")
			b.header.Set("X-Forwarded-For", "198.51.100."+strconv.Itoa(n))
			var answers []answer
			for _, a := range visit(b, email) {
				a.page = strings.ReplaceAll(a.page, email, "person-00@example.com")
				answers = append(answers, a)
			}
			if expected == nil {
				expected = answers
			}
			require.Len(t, answers, len(expected))
			for i := range expected {
				t.Logf("%s, %s, answer %d", form, kind, i) // shown if it fails
				requireAlike(t, expected[i], answers[i])
			}
		}
	}
}

// changeEmail is for somebody who is signed in, each in an account of its own.
func changeEmail(b *browser, email string) (answers []answer) {
	own := "own-" + email
	modelstest.SignUp(b.site.t, own)
	b.logIn(own)
	b.get("/") // and its message is read
	for range 4 {
		a := b.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {email}})
		answers = append(answers, a, b.get(a.location()))
	}
	for i := range answers {
		answers[i].page = strings.ReplaceAll(answers[i].page, own, "own")
	}
	return answers
}
