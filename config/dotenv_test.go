package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeDotenv(t *testing.T, dir, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(content), 0o600))
}

func TestDotenv(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "# mine\nPORT=8080\nLOG_LEVEL=debug\n")
	c, err := load([]string{"PORT=9090", "ADDR=127.0.0.2"}, dir, false)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.2:8080", c.Addr, "the file comes before the environment, as Buffalo has it")
	require.Equal(t, slog.LevelDebug, c.LogLevel)

	c, err = load(nil, dir, true)
	require.NoError(t, err)
	require.Equal(t, slog.LevelInfo, c.LogLevel, "tests do not depend on a developer's .env")
}

func TestDotenv_Faulty(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "SMTP_URL hunter2\n")
	require.Equal(t, []string{
		".env cannot be read: mend or remove it",
		"LOG_LEVEL=loud is unknown: use debug, info, warn or error",
	}, faults(t, vars{"LOG_LEVEL": "loud"}, dir))
}

func TestDotenv_RefusedInProduction(t *testing.T) {
	dir := t.TempDir()
	writeDotenv(t, dir, "LOG_LEVEL=debug\n")
	const line = "a .env file lies beside the app: its values would replace the real environment; remove it"
	require.Equal(t, []string{line}, faults(t, production, dir))
}
