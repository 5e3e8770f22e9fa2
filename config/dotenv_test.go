package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/env"
)

func writeDotenv(t *testing.T, dir, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(content), 0o600))
}

func TestDotenv(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "# mine\nPORT=8080\nLOG_LEVEL=debug\n")
	c, err := load([]string{"PORT=9090", "ADDR=127.0.0.2"}, env.Options{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.2:8080", c.Addr, "the file overrides the environment, as in Buffalo")
	require.Equal(t, slog.LevelDebug, c.LogLevel)

	c, err = load(nil, env.Options{Dir: dir, Testing: true})
	require.NoError(t, err)
	require.Equal(t, slog.LevelInfo, c.LogLevel, "tests do not depend on a developer's .env")
}

func TestDotenv_Faulty(t *testing.T) {
	for content, line := range map[string]string{
		"SMTP_URL hunter2\n":                     ".env: line 1 is not KEY=value: mend or remove it",
		"PORT=8080\nSIGNUP closed":               ".env: line 2 is not KEY=value: mend or remove it",
		"# mine\nPORT=8080\n\nHOST\nADDR=::\n":   ".env: line 4 is not KEY=value: mend or remove it",
		"A=\"1\n2\"\nB=\"hunter2\nC=3\n":         ".env: line 3 is not KEY=value: mend or remove it",
		"\ufeffPORT=8080\n":                      ".env is not plain UTF-8: save it as UTF-8 without a byte order mark",
		"\xff\xfeP\x00O\x00R\x00T\x00=\x001\x00": ".env is not plain UTF-8: save it as UTF-8 without a byte order mark",
		"# M\xfcller\nPORT=8080\n":               ".env is not plain UTF-8: save it as UTF-8 without a byte order mark",
		"GO_ENV=development\n":                   ".env sets GO_ENV, which would override production: set it in the environment",
		"PORT=70001\n":                           "PORT=70001 is not a port: use a number from 1 to 65535 (set in .env)",
	} {
		dir := t.TempDir()
		writeDotenv(t, dir, content)
		require.ElementsMatch(t, []string{line, "LOG_LEVEL=loud is unknown: use debug, info, warn or error"}, faults(t, vars{"LOG_LEVEL": "loud"}, dir))
	}
}

func TestDotenv_IsAFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".env"), 0o700))
	for _, v := range []vars{development, production} {
		require.Equal(t, []string{".env cannot be read (is a directory): mend or remove it"}, faults(t, v, dir))
	}
}

func TestDotenv_RefusedInProduction(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "LOG_LEVEL=debug\n")
	const line = "there is a .env file beside the app: its values would replace the real environment; remove it"
	require.Equal(t, []string{line}, faults(t, production, dir))
}
