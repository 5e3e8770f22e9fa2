package web_test

import (
	"fmt"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

func TestRestorer(t *testing.T) {
	restore := web.Restorer("draft", func(text, owner string) bool {
		require.NotEmpty(t, text)
		return text == "of "+owner
	})
	for text, want := range map[string]string{"of ada": "of ada", "of eve": "<nil>", "": "<nil>"} {
		w := answered("*/*", "GET", func(c buffalo.Context) error {
			c.Session().Clear()
			restore(c, "ada", text)
			_, err := fmt.Fprint(c.Response(), c.Session().Get("draft"))
			return err
		})
		require.Equal(t, want, w.Body.String())
	}
}
