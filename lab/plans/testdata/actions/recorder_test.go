package actions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

func TestRecorder_IgnoresTests(t *testing.T) {
	require.Empty(t, modelstest.Statements(func() { require.NoError(t, models.DB.RawQuery("SELECT 1").Exec()) }))
	require.Len(t, modelstest.Statements(func() {
		_, err := models.FindUserByEmail(t.Context(), "nobody@example.com")
		require.ErrorIs(t, err, models.ErrNotFound)
	}), 1)
}
