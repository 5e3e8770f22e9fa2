package apptest_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func TestFreePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:"+apptest.FreePort(t))
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestLogBuffer(t *testing.T) {
	var log apptest.LogBuffer
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { fmt.Fprint(&log, "1234567890"); _ = log.String() })
	}
	all.Wait()
	require.Len(t, log.String(), 100)
}
