package password

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// queued returns a queue without a free core, in which the places wait. It also returns
// a function that releases cores, and returns the places that got a core, in order.
func queued(t *testing.T, places ...Place) (*queue, func(cores int) []Place) {
	t.Helper()
	q := &queue{}
	turns := make([]chan struct{}, len(places))
	for i, p := range places {
		turns[i] = q.enter(p)
		require.NotNil(t, turns[i])
	}
	served := map[int]bool{}
	return q, func(cores int) (order []Place) {
		for range cores {
			q.release()
			for i, turn := range turns {
				select {
				case <-turn:
					if !served[i] {
						served[i] = true
						order = append(order, places[i])
					}
				default:
				}
			}
		}
		return order
	}
}

func TestQueue_KnownBrowsersFirst(t *testing.T) {
	unknown, known := Place{Network: "192.0.2.0/24"}, Place{Network: "192.0.2.0/24", Known: true}
	_, free := queued(t, unknown, unknown, unknown, known)
	require.Equal(t, []Place{known, unknown, unknown, unknown}, free(4))
}

// Known browsers that log in again and again must not keep new browsers out.
func TestQueue_EveryFourthTurnIsForTheOthers(t *testing.T) {
	unknown, known := Place{Network: "192.0.2.0/24"}, Place{Network: "198.51.100.0/24", Known: true}
	_, free := queued(t, unknown, known, known, known, known, known)
	require.Equal(t, []Place{known, known, known, unknown, known, known}, free(6))
}

func TestQueue_NetworksTakeTurns(t *testing.T) {
	flood, other, third := Place{Network: "2001:db8:1::/48"}, Place{Network: "192.0.2.0/24"}, Place{Network: "198.51.100.0/24"}
	_, free := queued(t, flood, flood, flood, flood, other, third, other)
	require.Equal(t, []Place{flood, other, third, flood, other, flood, flood}, free(7))
}

func TestQueue_BoundsTheShareOfANetwork(t *testing.T) {
	flood := Place{Network: "192.0.2.0/24"}
	q, _ := queued(t)
	for range maxShare * runtime.GOMAXPROCS(0) {
		require.NotNil(t, q.enter(flood))
	}
	require.Nil(t, q.enter(flood))
	_, err := q.wait(t.Context(), flood)
	require.ErrorIs(t, err, ErrBusy)
	require.NotNil(t, q.enter(Place{Network: flood.Network, Known: true}), "a flood does not use up the share of known browsers")
	require.NotNil(t, q.enter(Place{Network: "198.51.100.0/24"}))
}

// Go lowers GOMAXPROCS when the container's limit falls.
func TestQueue_BoundsTheShareAfterALossOfCores(t *testing.T) {
	cores := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(cores + 1)
	t.Cleanup(runtime.SetDefaultGOMAXPROCS)
	flood := Place{Network: "192.0.2.0/24"}
	q, _ := queued(t)
	for range maxShare*cores + 1 {
		require.NotNil(t, q.enter(flood))
	}
	runtime.GOMAXPROCS(cores)
	require.Nil(t, q.enter(flood))
}

// When a client disconnects, its core goes to the next client.
func TestQueue_LeavingReleasesTheCore(t *testing.T) {
	first, second := Place{Network: "192.0.2.0/24"}, Place{Network: "198.51.100.0/24"}
	q := &queue{}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := q.wait(cancelled, first)
	require.ErrorIs(t, err, ErrBusy)
	require.Empty(t, q.others.networks)

	firstTurn, secondTurn := q.enter(first), q.enter(second)
	q.release()
	<-firstTurn
	q.leave(first, firstTurn) // the first client was given a core at the same moment
	<-secondTurn
	q.release()
	require.Equal(t, 1, q.cores)
}
