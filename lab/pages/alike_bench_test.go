package pages

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/site"
)

// BenchmarkAlike measures, for each form in production, whether timing reveals that an
// email has an account. It submits the form with taken and free emails by turns, and
// compares the medians. The noise is the difference between two halves of the samples
// with one kind of email.
//
//	go test -run '^$' -bench Alike -benchtime 200x ./pages
func BenchmarkAlike(b *testing.B) {
	login := func(v *site.Browser, email string) site.Answer {
		return v.Post("/login", "email", email, "password", "not the password")
	}
	signUp := func(v *site.Browser, email string) site.Answer { return v.Post("/signup", "email", email) }
	forgot := func(v *site.Browser, email string) site.Answer { return v.Post("/password/forgot", "email", email) }
	for _, form := range []struct {
		name   string
		before int    // how often the form is submitted with the email before the measurement
		factor string // the kind of second factor of the account with a taken email, or ""
		send   func(v *site.Browser, email string) site.Answer
	}{
		{name: "login", send: login},
		{name: "login, passkey", factor: "passkey", send: login},
		{name: "login, TOTP", factor: "totp", send: login},
		{name: "signup", send: signUp},
		{name: "signup, over the limit", before: 3, send: signUp},
		{name: "forgot", send: forgot},
		{name: "forgot, over the limit", before: 3, send: forgot},
		{name: "change of email", send: func(v *site.Browser, email string) site.Answer {
			return v.Put("/account/email", "email", email)
		}},
	} {
		b.Run(form.name, func(b *testing.B) { compare(b, form.before, form.factor, form.send) })
	}
}

func compare(b *testing.B, before int, factor string, send func(v *site.Browser, email string) site.Answer) {
	s := site.OpenProduction(b)
	s.SignUp("carol@example.com")
	s.SignUp("ada@example.com")
	if factor != "" {
		s.Execute("INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, removed_number) SELECT id, id, $1, '', '', 0, created_at, 0 FROM users", factor)
		s.Browser().TurnSecondStepOn("ada@example.com")
	}
	s.ClearLimits()
	v := s.Browser()
	if b.Name() == "BenchmarkAlike/change_of_email" {
		require.Equal(b, "/", v.LogIn("carol@example.com").Location())
	}
	n := 0
	setIP := func(k int) { v.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>8, n&255, k)) }
	sample := func(taken bool) time.Duration {
		n++ // use another email and client each time, because of the rate limits
		email := fmt.Sprintf("user%07d@example.com", n)
		if taken {
			s.Execute("UPDATE users SET email = $1 WHERE email <> 'carol@example.com'", email) // of Ada's account
		}
		for k := range before {
			setIP(k)
			send(v, email)
		}
		setIP(before)
		began := time.Now()
		answer := send(v, email)
		duration := time.Since(began)
		require.Contains(b, []int{303, 422}, answer.StatusCode, "the form was processed")
		return duration
	}
	sample(true)
	sample(false)
	var taken, free []time.Duration
	for first := true; b.Loop(); first = !first { // so that neither kind is always first
		for _, isTaken := range []bool{first, !first} {
			if isTaken {
				taken = append(taken, sample(true))
			} else {
				free = append(free, sample(false))
			}
		}
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(0, "ns/op") // hides the default metric, which includes preparations
	b.ReportMetric(ms(median(taken)), "taken-ms")
	b.ReportMetric(ms(median(free)), "free-ms")
	b.ReportMetric(ms(median(taken)-median(free)), "difference-ms")
	b.ReportMetric(ms(median(free[:len(free)/2+1])-median(free[len(free)/2:])), "noise-ms")
}

func median(samples []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[len(sorted)/2]
}
