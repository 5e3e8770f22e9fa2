package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

// Bundlers write folders such as _app, which go:embed leaves out by default.
func TestAssets_UnderscoreInProduction(t *testing.T) {
	dir := t.TempDir()
	script, list := filepath.Join(dir, "script.js"), filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(script, []byte("let added"), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(binary.Root(), "assets/_app/_added.js"): script}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	p := command(t, dir, binary.Production("ADDR=127.0.0.1", "PORT="+binary.FreePort(t), "DATABASE_URL="+sqlite(dir, "app.sqlite")))
	p.Path = filepath.Join(dir, "corral")
	require.NoError(t, binary.BuildPackage(p.Path, binary.Root(), ".", "-overlay="+list))
	p.Launch()
	p.AwaitReady()
	status, content := p.Get("/assets/_app/_added.0123456789abcdef.js")
	require.Equal(t, 200, status)
	require.Equal(t, "let added", content)
}
