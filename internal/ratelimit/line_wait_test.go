package ratelimit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// An attempt that ends on this node lets the first in line start at once.
func TestLine_Wake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line Line
		var err error = &Exceeded{inFlight: "client"}
		began, started := time.Now(), make(chan error)
		go func() { started <- line.Start(t.Context(), func() error { return err }) }()
		synctest.Wait()
		err = nil
		line.Wake(Buckets{{ID: "client"}})
		require.NoError(t, <-started)
		require.Zero(t, time.Since(began))
	})
}

// Prevents a flood: at most 128 attempts wait for a bucket, and for ten seconds.
func TestLine_IsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line Line
		began, refused := time.Now(), make(chan time.Duration, 129)
		for range cap(refused) {
			go func() {
				line.Start(t.Context(), func() error { return &Exceeded{inFlight: "client"} })
				refused <- time.Since(began)
			}()
		}
		require.Zero(t, <-refused)
		for range 128 {
			require.Equal(t, 10*time.Second, <-refused)
		}
	})
}
