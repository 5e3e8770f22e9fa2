package models

import (
	"bytes"
	"encoding/base64"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// However fast they are drawn, ids follow the time.
func TestNewID_Ascends(t *testing.T) {
	const moment = 6 // bytes of milliseconds
	last := newID()
	for range 10_000 {
		id := newID()
		require.LessOrEqual(t, bytes.Compare(last[:moment], id[:moment]), 0)
		require.NotEqual(t, last, id)
		last = id
	}
}

// Tokens have 256 bits of crypto/rand, and none comes twice, however many are
// drawn at once.
func TestRawToken_NoneComesTwice(t *testing.T) {
	var drawn sync.Map
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 10_000 {
				rawToken := newRawToken()
				raw, err := base64.RawURLEncoding.DecodeString(rawToken)
				if _, again := drawn.LoadOrStore(rawToken, true); err != nil || len(raw) != 32 || again {
					t.Errorf("%q: %v, %v", rawToken, err, again)
				}
			}
		})
	}
	all.Wait()
	require.Equal(t, tokenDigest("a"), tokenDigest("a"))
	require.Len(t, tokenDigest("a"), 32)
}
