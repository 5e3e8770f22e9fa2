package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewLiveReload(t *testing.T) {
	require.Nil(t, NewLiveReload(false, "testdata"))
	live, ok := NewLiveReload(true, "testdata", ".").(LiveReload)
	require.True(t, ok)
	require.Len(t, live.Files, 2)
	_, err := live.Files[1].Open("reload.go")
	require.NoError(t, err)
}
