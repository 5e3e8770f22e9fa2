package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	forever := time.Duration(0)
	list := []Limits{
		{Pattern: "/", MaxBody: 1},
		{Pattern: "/notes/new", MaxBody: 2},
		{Pattern: "/notes/{id}", MaxBody: 3},
		{Pattern: "/events/{id:[0-9]+}", MaxTime: &forever},
	}
	for path, want := range map[string]int64{
		"/": 1, "": 1, "/notes/new": 3, "/notes/new/": 3, "/notes/7": 3, "/notes": defaultMaxBody, "/notes/7/x": defaultMaxBody, "/events/1": defaultMaxBody,
	} {
		require.Equal(t, want, MaxBody(list)(path), path)
	}
	require.Equal(t, forever, MaxTime(list)("/events/1"))
	require.Equal(t, defaultMaxTime, MaxTime(list)("/notes/7"))
}
