package models

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewID_Ascends(t *testing.T) {
	const moment = 6 // the first bytes of a UUIDv7 are milliseconds
	last := newID()
	for range 10_000 {
		id := newID()
		require.LessOrEqual(t, bytes.Compare(last[:moment], id[:moment]), 0)
		require.NotEqual(t, last, id)
		last = id
	}
}
