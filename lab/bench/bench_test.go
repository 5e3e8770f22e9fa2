package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// A change of the app must not break the benchmark unnoticed.
func TestBench_Measures(t *testing.T) {
	b := &bench{dir: t.TempDir(), each: 200 * time.Millisecond}
	require.NoError(t, b.build())

	figures, err := b.pages()
	require.NoError(t, err)
	require.Len(t, figures, 6)
	for _, f := range figures {
		require.Positive(t, f.value(ours), f.name)
		require.Positive(t, f.value(plain), f.name)
	}
	s, err := b.programs[ours].start(serverCore)
	require.NoError(t, err)
	defer s.stop()
	known, err := s.fourInKnownBrowsers()
	require.NoError(t, err)
	for _, l := range []*loginLoad{s.fourUsers(), known} {
		require.NoError(t, inTurns(b.each, l.run))
		require.Positive(t, median(l.speeds))
		require.Positive(t, median(l.costs))
	}
	memory, err := b.programs[ours].memory(b.each)
	require.NoError(t, err)
	require.Positive(t, memory.idle)
	require.Positive(t, memory.loaded)
	crowd, err := b.programs[ours].measureCrowd()
	require.NoError(t, err)
	require.Positive(t, crowd.loggedIn)
	require.Positive(t, crowd.peak)
	require.Positive(t, crowd.pages99th)
	var start startTimes
	require.NoError(t, start.measure(b.programs[ours]))
	require.Positive(t, start.first[0])
	require.Positive(t, start.cpu[0])
}

// The variants edit texts of the source, which may have changed.
func TestAblation_VariantsCompile(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			flags, err := v.overlay(binary.Root(), t.TempDir())
			require.NoError(t, err)
			if len(v.edits) > 0 {
				require.NoError(t, v.compile(binary.Root(), flags))
			}
		})
	}
}

func TestAblation_MissingTextIsAnError(t *testing.T) {
	v := variant{edits: []edit{{file: "main.go", old: "no such text"}}}
	_, err := v.overlay(binary.Root(), t.TempDir())
	require.ErrorContains(t, err, "main.go")
	require.ErrorContains(t, err, "no such text")
}

func TestFigure_Met(t *testing.T) {
	figureWith := func(value float64, atMost bool) figure {
		return figure{values: []float64{value}, target: 2, atMost: atMost}
	}
	require.True(t, figureWith(3, false).met())
	require.False(t, figureWith(1, false).met())
	require.True(t, figureWith(1, true).met())
	require.False(t, figureWith(3, true).met())
	for _, atMost := range []bool{true, false} {
		require.True(t, figureWith(2, atMost).met())
	}
}

func TestNumber(t *testing.T) {
	for want, got := range map[string]string{
		"4843 req/s": number(4843.4, "req/s"),
		"10.4 ms":    number(10.44, "ms"),
		"1.19 times": number(1.194, "times"), // two digits: the target is 1.3
		"0 users":    number(0, "users"),
		"":           number(math.NaN(), "ms"), // not measured
	} {
		require.Equal(t, want, got)
	}
}

func TestMedian(t *testing.T) {
	require.True(t, math.IsNaN(median(nil)))
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 1.0, quantile([]float64{3, 1, 2}, 0))
	require.Equal(t, 3.0, quantile([]float64{3, 1, 2}, 1))
}

func TestPrintLines(t *testing.T) {
	var b strings.Builder
	require.NoError(t, printLines(&b, [][]string{{"a", "b"}, {"c", "d"}}))
	require.Equal(t, "| a  | b  |\n|--- |--: |\n| c  | d  |\n", b.String())
}
