package web

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckbox_InJSON(t *testing.T) {
	for given, want := range map[string]bool{
		`true`: true, `false`: false, `null`: false, `"true"`: true, `"on"`: true, `"1"`: true, `"false"`: false, `"off"`: false, `""`: false,
	} {
		var form struct{ Remember Checkbox }
		require.NoError(t, json.Unmarshal([]byte(`{"remember":`+given+`}`), &form), given)
		require.Equal(t, want, bool(form.Remember), given)
	}
	for _, given := range []string{`{}`, `[]`, `["on"]`, `1`} {
		var form struct{ Remember Checkbox }
		require.Error(t, json.Unmarshal([]byte(`{"remember":`+given+`}`), &form), given)
		require.False(t, bool(form.Remember), given)
	}
}
