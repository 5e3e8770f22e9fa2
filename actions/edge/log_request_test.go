package edge

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/config"
)

// The line of a request is, byte for byte, what slog would have written.
func TestLog_RequestLineIsThatOfSlog(t *testing.T) {
	c, err := config.Current()
	require.NoError(t, err)
	c.Env, c.LogLevel = config.Production, slog.LevelInfo
	for _, r := range []Request{
		{},
		{ID: "AB", method: "GET", Route: "/", Client: netip.MustParseAddr("192.0.2.1"), UserID: "0193aaaa-bbbb-7ccc-8ddd-eeeeffff0000"},
		{ID: "AB", method: "other", Route: "/account/email/confirm/{token}", Client: netip.MustParseAddr("2001:db8::1")},
		{ID: "AB", method: "GET", Route: `/files/{name:["a<\\é]+}`},
	} {
		for _, duration := range []time.Duration{0, 999, time.Microsecond, 1234 * time.Microsecond, time.Second, time.Hour} {
			var ours, slogs bytes.Buffer
			r.logger = NewLogger(&ours, c)
			r.log(404, duration)
			r.logger = slog.New(slog.NewJSONHandler(&slogs, &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: allow}))
			r.log(404, duration)
			_, got, _ := strings.Cut(ours.String(), ",")
			_, want, _ := strings.Cut(slogs.String(), ",")
			require.Equal(t, want, got)
			for _, line := range []string{ours.String(), slogs.String()} {
				at, _, _ := strings.Cut(strings.TrimPrefix(line, `{"time":"`), `"`)
				_, err := time.Parse("2006-01-02T15:04:05.999999999Z", at)
				require.NoError(t, err)
			}
		}
	}
	c.LogLevel = slog.LevelWarn
	var nothing bytes.Buffer
	r := Request{logger: NewLogger(&nothing, c)}
	r.log(200, 0)
	require.Zero(t, nothing.Len())
}

func BenchmarkLog(b *testing.B) {
	c, err := config.Current()
	require.NoError(b, err)
	c.Env, c.LogLevel = config.Production, slog.LevelInfo
	r := Request{ID: "AB", method: "GET", Route: "/", Client: netip.MustParseAddr("192.0.2.1"), UserID: "0193aaaa-bbbb-7ccc-8ddd-eeeeffff0000"}
	r.logger = NewLogger(discard{}, c)
	b.ReportAllocs()
	for b.Loop() {
		r.log(200, time.Millisecond)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
