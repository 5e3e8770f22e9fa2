package web

import (
	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/envy"
)

// DisablePlugins prevents buffalo.New from running every buffalo-* program in ./plugins
// and $GOPATH/bin. Buffalo loads its plugins once, and none if GO_ENV is test, so
// DisablePlugins loads them with GO_ENV=test.
func DisablePlugins() {
	envy.Temp(func() {
		envy.Set("GO_ENV", "test")
		buffalo.LoadPlugins()
	})
}
