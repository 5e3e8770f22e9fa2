package totp_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"rsc.io/qr"

	"corral/internal/totp"
)

var (
	document = regexp.MustCompile(`^<svg xmlns="http://www\.w3\.org/2000/svg" width="(\d+)" height="(\d+)" viewBox="0 0 (\d+) (\d+)" shape-rendering="crispEdges">` +
		`<rect width="100%" height="100%" fill="#fff"/><path d="((?:M\d+ \d+h\d+v1H\d+z)+)"/></svg>$`)
	run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1H(\d+)z`)
)

// The document has exactly the modules of the code, on white and with a border of four
// modules. It has nothing that a content security policy forbids.
func TestSVG(t *testing.T) {
	for _, account := range []string{"ada@example.com", "josé@bücher.example", strings.Repeat("ü", 64) + "@" + strings.Repeat("例", 60) + ".jp"} {
		uri := totp.URI(key, "Corral", account)
		svg, err := totp.SVG(uri)
		require.NoError(t, err)
		match := document.FindStringSubmatch(string(svg))
		require.NotNil(t, match, string(svg))

		code, err := qr.Encode(uri, qr.M)
		require.NoError(t, err)
		size := number(t, match[3])
		require.Equal(t, code.Size+8, size)
		require.Equal(t, match[3], match[4])
		require.Equal(t, 4*size, number(t, match[1]), "whole pixels for each module")
		require.Equal(t, match[1], match[2])
		black := map[[2]int]bool{}
		for _, m := range run.FindAllStringSubmatch(match[5], -1) {
			require.Equal(t, m[1], m[4])
			for i := range number(t, m[3]) {
				black[[2]int{number(t, m[1]) + i, number(t, m[2])}] = true
			}
		}
		for x := range size {
			for y := range size {
				require.Equal(t, code.Black(x-4, y-4), black[[2]int{x, y}])
			}
		}
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func TestSVG_IsWellFormed(t *testing.T) {
	svg, err := totp.SVG(totp.URI(key, "Corral", "ada@example.com"))
	require.NoError(t, err)
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err = decoder.Token(); err != nil {
			break
		}
	}
	require.Equal(t, io.EOF, err)
}

func TestSVG_TooLong(t *testing.T) {
	_, err := totp.SVG(strings.Repeat("a", 2331))
	require.NoError(t, err)
	_, err = totp.SVG(strings.Repeat("a", 2332))
	require.EqualError(t, err, "drawing a QR code: text too long to encode as QR")
}
