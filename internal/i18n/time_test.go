package i18n

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormatTime_UsesTheLanguagesLayout(t *testing.T) {
	texts, err := Load(fstest.MapFS{
		"all.en-us.yaml": {Data: []byte(`- {id: time.layout, translation: "Jan 2, 2006, 3:04 PM UTC"}`)},
		"all.de.yaml":    {Data: []byte(`- {id: time.layout, translation: "02.01.2006, 15:04 UTC"}`)},
	})
	require.NoError(t, err)
	at := time.Date(2026, 11, 24, 1, 30, 59, 0, time.FixedZone("east", 3*3600))
	require.Equal(t, "Nov 23, 2026, 10:30 PM UTC", FormatTime(texts.In("en-US"), at))
	require.Equal(t, "23.11.2026, 22:30 UTC", FormatTime(texts.In("de"), at))

	require.EqualValues(t, `<time datetime="2026-11-23T22:30:59Z">23.11.2026, 22:30 UTC</time>`, TimeElement(texts.In("de"), at))
}
