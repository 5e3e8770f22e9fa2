package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunOr(t *testing.T) {
	for _, test := range []struct {
		args    []string
		err     error
		code    int
		printed string
		started bool
	}{
		{started: true},
		{err: errors.New("the port is taken"), code: 1, printed: "the port is taken\n", started: true},
		{args: []string{"serve"}, code: 1, printed: "unknown command \"serve\": start the app without one, or run `task list`\n"},
	} {
		var printed strings.Builder
		started := false
		code := runOr(func() error {
			started = true
			return test.err
		}, test.args, &printed)
		require.Equal(t, test.code, code)
		require.Equal(t, test.printed, printed.String())
		require.Equal(t, test.started, started)
	}
}
