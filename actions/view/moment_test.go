package view

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"corral/locales"
	"corral/locales/localestest"
)

func TestMoment_InTheLanguagesForm(t *testing.T) {
	l, err := LoadLocales(fstest.MapFS{
		"all.en-us.yaml": {Data: []byte(`- {id: time.layout, translation: "Jan 2, 2006, 3:04 PM UTC"}`)},
		"all.de.yaml":    {Data: []byte(`- {id: time.layout, translation: "02.01.2006, 15:04 UTC"}`)},
	})
	require.NoError(t, err)
	at := time.Date(2026, 11, 24, 1, 30, 59, 0, time.FixedZone("east", 3*3600))
	require.Equal(t, "Nov 23, 2026, 10:30 PM UTC", Moment(l.In("en-US"), at))
	require.Equal(t, "23.11.2026, 22:30 UTC", Moment(l.In("de"), at))

	require.EqualValues(t, `<time datetime="2026-11-23T22:30:59Z">23.11.2026, 22:30 UTC</time>`, TimeElement(l.In("de"), at))
}

// Every shipped layout tells the minute, and names the zone.
func TestMoment_LayoutsOfTheLanguages(t *testing.T) {
	languages, _, err := localestest.Read(locales.FS)
	require.NoError(t, err)
	at := time.Date(2026, 11, 24, 21, 7, 0, 0, time.UTC)
	for name, texts := range languages {
		text := at.Format(texts["time.layout"].Other())
		told, err := time.Parse(texts["time.layout"].Other(), text)
		require.NoError(t, err, name)
		require.Equal(t, at, told, name)
		require.Contains(t, text, "UTC", name)
	}
}
