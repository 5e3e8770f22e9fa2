package database_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClocks_Compare(t *testing.T) {
	db := migrated(t)
	for _, test := range []struct {
		node, database time.Duration
		apart          string
	}{
		{0, 0, ""},
		{9 * time.Second, 0, ""},
		{-9 * time.Second, 0, ""},
		{40 * time.Minute, 0, "40m0s"},
		{-40 * time.Minute, 0, "40m0s"},
		{0, 40 * time.Minute, "40m0s"},
		{11 * time.Second, 0, "11s"},
		{0, 11 * time.Second, "11s"},
		{24 * time.Hour, 24 * time.Hour, ""},
	} {
		r := newReadiness()
		r.Clocks.Node.Move(test.node)
		r.Clocks.Database.Move(test.database)
		now, err := r.Clocks.Compare(t.Context(), db)
		if test.apart == "" {
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(test.database), now, time.Minute)
			require.NoError(t, r.Check(t.Context(), db))
			continue
		}
		require.EqualError(t, err, "the clocks of this machine and of the database are "+test.apart+" apart: set both by NTP")
		require.Equal(t, err, r.Check(t.Context(), db))
	}
}
