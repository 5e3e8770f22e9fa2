package actions_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/actions"
	"corral/config"
	"corral/models"
	"corral/models/modelstest"
)

// BenchmarkAlike measures whether time tells that an address has an account, at
// each form that takes one: over sockets, as in production. Samples of a taken
// and of a free address take turns, and their medians are compared. The noise is
// the difference that two halves of the same kind have.
//
//	go test -run '^$' -bench Alike -benchtime 200x ./actions
func BenchmarkAlike(b *testing.B) {
	signUp, forgot := (*browser).signUp, (*browser).forgot
	b.Run("login", func(b *testing.B) {
		compare(b, 0, func(v *browser, email string) answer {
			return v.post("/login", url.Values{"email": {email}, "password": {"not the password"}})
		})
	})
	b.Run("signup", func(b *testing.B) { compare(b, 0, signUp) })
	b.Run("signup, over the limit", func(b *testing.B) { compare(b, 3, signUp) })
	b.Run("forgot", func(b *testing.B) { compare(b, 0, forgot) })
	b.Run("forgot, over the limit", func(b *testing.B) { compare(b, 3, forgot) })
	b.Run("change of email", func(b *testing.B) {
		compare(b, 0, func(v *browser, email string) answer {
			return v.put("/account/email", url.Values{"current_password": {modelstest.Password}, "email": {email}})
		})
	})
}

// compare measures a form, each time with an address that it was sent before so
// many times.
func compare(b *testing.B, before int, send func(v *browser, email string) answer) {
	actions.CaptureLog(b)
	s := newProductionSite(b, func(c *config.Config) { c.TrustedProxies = loopback(b) })
	v := s.browser()
	v.header.Set("X-Forwarded-Proto", "https")
	if b.Name() == "BenchmarkAlike/change_of_email" {
		modelstest.SignUp(b, "carol@example.com")
		require.Equal(b, "/", v.logIn("carol@example.com").location())
	}
	modelstest.SignUp(b, "ada@example.com")
	n := 0
	sample := func(taken bool) time.Duration {
		n++
		email := fmt.Sprintf("person%07d@example.com", n) // a new one, for the throttles count
		if taken {
			require.NoError(b, models.DB.RawQuery("UPDATE users SET email = ? WHERE email <> 'carol@example.com'", email).Exec())
		}
		for k := range before {
			v.header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>8, n&255, k))
			send(v, email)
		}
		v.header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>8, n&255, before))
		began := time.Now()
		send(v, email)
		return time.Since(began)
	}
	sample(true)
	sample(false)
	var taken, free []time.Duration
	for first := true; b.Loop(); first = !first { // whoever is first has no advantage
		for _, isTaken := range []bool{first, !first} {
			if isTaken {
				taken = append(taken, sample(true))
			} else {
				free = append(free, sample(false))
			}
		}
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(0, "ns/op") // the preparations are part of it
	b.ReportMetric(ms(median(taken)), "taken-ms")
	b.ReportMetric(ms(median(free)), "free-ms")
	b.ReportMetric(ms(median(taken)-median(free)), "difference-ms")
	b.ReportMetric(ms(median(free[:len(free)/2+1])-median(free[len(free)/2:])), "noise-ms")
}

func median(samples []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[len(sorted)/2]
}
