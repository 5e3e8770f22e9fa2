package i18n

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormatTime_UsesTheLanguagesLayout(t *testing.T) {
	texts, err := load(fstest.MapFS{
		"all.en-us.yaml": {Data: []byte(`- {id: time.layout, translation: "Jan 2, 2006, 3:04 PM UTC"}`)},
		"all.de.yaml":    {Data: []byte(`- {id: time.layout, translation: "02.01.2006, 15:04 UTC"}`)},
	})
	require.NoError(t, err)
	at := time.Date(2026, 11, 24, 1, 30, 59, 0, time.FixedZone("east", 3*3600))
	require.Equal(t, "Nov 23, 2026, 10:30 PM UTC", FormatTime(texts.In("en-US"), at))
	require.Equal(t, "23.11.2026, 22:30 UTC", FormatTime(texts.In("de"), at))

	require.EqualValues(t, `<time datetime="2026-11-23T22:30:59Z">23.11.2026, 22:30 UTC</time>`, TimeElement(texts.In("de"), at))
}

func TestFormatWait(t *testing.T) {
	translate := func(key string, args ...any) string { return fmt.Sprint(key, args) }
	for seconds, want := range map[int]string{1: "rate_limit.seconds[1]", 90: "rate_limit.seconds[90]", 91: "rate_limit.minutes[2]", 120: "rate_limit.minutes[2]",
		7199: "rate_limit.minutes[120]", 7200: "rate_limit.hours[2]", 7201: "rate_limit.hours[3]", 86400: "rate_limit.hours[24]"} {
		require.Equal(t, want, FormatWait(translate, seconds))
	}
}
