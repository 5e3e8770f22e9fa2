package actions

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/models"
	"corral/models/modelstest"
)

// kindsOfEmail holds the kinds of emails that must look alike. Its functions make an email
// one of that kind.
var kindsOfEmail = map[string]func(t testing.TB, email string){
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
		require.NoError(t, modelstest.SignUp(t, email).Delete(t.Context(), models.Client{}))
	},
	"reserved for undoing a change": func(t testing.TB, email string) {
		user := modelstest.SignUp(t, email)
		require.NoError(t, user.RequestEmailChange(t.Context(), "new-"+email, models.Client{}))
		require.NoError(t, user.ConfirmEmailChange(t.Context(), modelstest.Link(t, "new-"+email, models.MailEmailConfirm), models.Client{}))
	},
	"requested by a sign-up": func(t testing.TB, email string) {
		require.NoError(t, models.RequestLink(t.Context(), models.PurposeSignup, email, "", models.Client{}))
	},
}

// visit sends an email to forms and returns the responses.
type visit func(b *browser, email string) []apptest.Response

// times submits a form with the email count times.
func times(count int, path string, fields ...string) visit {
	return func(b *browser, email string) (answers []apptest.Response) {
		for range count {
			form := url.Values{"email": {email}}
			for _, field := range fields {
				form.Set(field, "not the password of anybody")
			}
			a := b.Post(path, form)
			answers = append(answers, a)
			if a.Location() != "" {
				answers = append(answers, b.Get(a.Location()))
			}
		}
		return answers
	}
}

// formsWithEmail holds the forms of TestAlike.
var formsWithEmail = map[string]visit{
	"login":           times(8, "/login", "password"),
	"sign up":         times(5, "/signup"),
	"forgot":          times(5, "/password/forgot"),
	"change of email": changeEmail,
}

// Prevents account enumeration at each form with an email: status, headers,
// cookies' names, lengths and attributes, and every byte of the page are the
// same, also beyond the rate limit.
func TestAlike(t *testing.T) {
	for form, visit := range formsWithEmail {
		s := newProductionSite(t, trustLoopback)
		models.Clock.Stop() // Retry-After is the same for all
		var expected []apptest.Response
		n := 0
		for kind, prepare := range kindsOfEmail {
			n++
			email := fmt.Sprintf("person-%02d@example.com", n)
			prepare(t, email)
			b := s.browser()
			b.Header.Set("X-Forwarded-Proto", "https")
			b.Header.Set("X-Forwarded-For", "198.51.100."+strconv.Itoa(n))
			var answers []apptest.Response
			for _, a := range visit(b, email) {
				a.Page = strings.ReplaceAll(a.Page, email, "person-00@example.com")
				answers = append(answers, a)
			}
			if expected == nil {
				expected = answers
			}
			require.Len(t, answers, len(expected))
			for i := range expected {
				t.Logf("%s, %s, answer %d", form, kind, i)
				requireAlike(t, expected[i], answers[i])
			}
		}
	}
}

// changeEmail requests the email for another account.
func changeEmail(b *browser, email string) (answers []apptest.Response) {
	own := "own-" + email
	user := modelstest.SignUp(b.site.t, own)
	b.logIn(own)
	b.Get("/") // shows the flash
	for range 4 {
		a := b.Put("/account/email", url.Values{"email": {email}})
		answers = append(answers, a, b.Get(a.Location()))
	}
	ofOwn := strings.NewReplacer(own, "own", user.ID.String(), "own", user.Handle(), "own")
	for i := range answers {
		answers[i].Page = ofOwn.Replace(answers[i].Page)
	}
	return answers
}
