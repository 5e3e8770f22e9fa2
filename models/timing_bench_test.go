package models_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// BenchmarkKnownUnknown measures whether time tells if an address has an
// account: samples of both kinds take turns, and the medians are compared.
//
//	go test -run '^$' -bench KnownUnknown -benchtime 500x ./models
func BenchmarkKnownUnknown(b *testing.B) {
	client := netip.MustParseAddr("192.0.2.1")
	for name, do := range map[string]func(b *testing.B, email string) error{
		"login": func(b *testing.B, email string) error {
			_, err := models.Authenticate(b.Context(), models.Credentials{Email: email, Password: "a wrong password", From: models.Origin{Client: client}})
			if errors.Is(err, models.ErrBadCredentials) {
				return nil
			}
			return err
		},
		"signup": func(b *testing.B, email string) error {
			return models.RequestSignup(b.Context(), email, "", models.Origin{Client: client})
		},
		"forgot": func(b *testing.B, email string) error {
			return models.RequestReset(b.Context(), email, "", models.Origin{Client: client})
		},
	} {
		b.Run(name, func(b *testing.B) { compare(b, do) })
	}
}

func compare(b *testing.B, do func(b *testing.B, email string) error) {
	const known, unknown = "ada@example.com", "eve@example.com"
	modelstest.Empty(b)
	modelstest.SignUp(b, known)
	sample := func(email string) time.Duration {
		for _, table := range []string{"mails", "tokens", "throttles"} { // each sample is the first
			require.NoError(b, models.DB.RawQuery("DELETE FROM "+table).Exec())
		}
		began := time.Now()
		require.NoError(b, do(b, email))
		return time.Since(began)
	}
	sample(known)
	sample(unknown)
	var ofKnown, ofUnknown []time.Duration
	for n := 0; b.Loop(); n++ {
		if n%2 == 0 { // whoever is first has no advantage
			ofKnown = append(ofKnown, sample(known))
			ofUnknown = append(ofUnknown, sample(unknown))
		} else {
			ofUnknown = append(ofUnknown, sample(unknown))
			ofKnown = append(ofKnown, sample(known))
		}
	}
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	b.ReportMetric(0, "ns/op") // the deletions are part of it
	b.ReportMetric(micros(median(ofKnown)), "known-µs")
	b.ReportMetric(micros(median(ofUnknown)), "unknown-µs")
	b.ReportMetric(micros(median(ofKnown)-median(ofUnknown)), "difference-µs")
}

func median(samples []time.Duration) time.Duration {
	slices.Sort(samples)
	return samples[len(samples)/2]
}
