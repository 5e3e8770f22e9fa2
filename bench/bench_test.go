package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The benchmark is run by hand; here every load of it is run for a moment, so
// that it works on the day when somebody needs it.
func TestBench_EverySectionMeasures(t *testing.T) {
	require.NoError(t, os.Chdir("..")) // where go run ./bench is run from
	t.Cleanup(func() { os.Chdir("bench") })
	dir := t.TempDir()
	b := &bench{dir: dir, each: 200 * time.Millisecond}
	var err error
	b.corral, b.plain, err = build(dir)
	require.NoError(t, err)
	require.NoError(t, fill(dir))

	figures, err := b.pages()
	require.NoError(t, err)
	require.Len(t, figures, 6)
	for _, f := range figures {
		require.Positive(t, f.ours, f.name)
		require.Positive(t, f.plain, f.name)
	}
	s, err := start(serverCore, b.corral, dir)
	require.NoError(t, err)
	defer s.stop()
	known, err := s.fourInKnownBrowsers()
	require.NoError(t, err)
	require.Len(t, known.sent, 4)
	for _, people := range []*loginLoad{s.four(), known} {
		require.NoError(t, inTurns(b.each, people.run))
		require.Positive(t, people.perSecond())
	}
	after, err := b.afterLoad(b.corral)
	require.NoError(t, err)
	require.Positive(t, after.memory)
	require.Positive(t, after.first)
}

func TestFigure_Met(t *testing.T) {
	require.True(t, figure{ours: 3, target: 2}.met())
	require.False(t, figure{ours: 1, target: 2}.met())
	require.True(t, figure{ours: 1, target: 2, atMost: true}.met())
	require.False(t, figure{ours: 3, target: 2, atMost: true}.met())
	for _, atMost := range []bool{true, false} {
		require.True(t, figure{ours: 2, target: 2, atMost: atMost}.met())
	}
}

func TestNumber(t *testing.T) {
	for want, got := range map[string]string{
		"4843 req/s": number(4843.4, "req/s"),
		"10.4 ms":    number(10.44, "ms"),
		"1.19 times": number(1.194, "times"), // a tenth more is no trifle
		"":           number(0, ""),          // not measured
	} {
		require.Equal(t, want, got)
	}
}
