package web

import (
	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/envy"
)

// DisablePlugins keeps buffalo.New from running every buffalo-* program in
// ./plugins and $GOPATH/bin: Buffalo loads its plugins once, and none in its test
// environment.
func DisablePlugins() {
	envy.Temp(func() {
		envy.Set("GO_ENV", "test")
		buffalo.LoadPlugins()
	})
}
