package route

import (
	"strings"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/stretchr/testify/require"
)

func TestTable_Write(t *testing.T) {
	table := Table{Get("/notes", public, show)}
	app := buffalo.New(buffalo.Options{})
	_, err := table[0].AddTo(app)
	require.NoError(t, err)
	app.GET("/undeclared", show)
	var printed strings.Builder
	require.NoError(t, table.Write(&printed, app.Routes(), Guard{Name: "user"}))
	lines := strings.Split(printed.String(), "\n")
	require.Equal(t, []string{"METHOD", "PATH", "GUARD", "HANDLER"}, strings.Fields(lines[0]))
	require.Regexp(t, `^GET +/notes +public +corral/internal/route\.show$`, lines[1])
	require.Regexp(t, `^GET +/undeclared +user, unless skipped \(not in the table\) +corral/internal/route\.show$`, lines[2])
}
