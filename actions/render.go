package actions

import (
	"fmt"
	"os"
	"time"

	"corral/assets"
	"corral/config"
	"corral/internal/i18n"
	"corral/internal/passkey"
	"corral/internal/view"
	"corral/internal/web"
	"corral/locales"
	"corral/templates"
)

// App sets these. In development, they read their files anew for every page.
var (
	r          *view.Engine
	T          *i18n.Texts
	assetFiles *web.Assets
)

func loadResources(c config.Config) {
	loadProviders(c)
	live := c.Development()
	hint, count := "login.remember_days", int(c.RememberLifetime/(24*time.Hour))
	if count < 2 {
		hint, count = "login.remember_hours", int(c.RememberLifetime/time.Hour)
	}
	T = must(i18n.Load(view.Folder("locales", locales.FS, live), locales.Default))
	assetFiles = must(web.LoadAssets(view.Folder("assets", assets.FS, live), live))
	r = view.New(view.Options{
		Templates: view.Folder("templates", templates.FS, live),
		Layout:    "application.plush.html",
		Reload:    live,
		Language:  textHelpers,
		Helpers: map[string]any{
			"assetPath":    assetFiles.Path,
			"development":  live,
			"linked":       view.Linked,
			"passkeysOff":  passkey.Unusable(c.Host),
			"passwordMin":  c.PasswordMin,
			"providers":    providers,
			"rememberHint": hint, "rememberCount": count,
			"signupOpen": c.SignupOpen,
			"title":      "", // for generated pages, which set none
		},
	})
}

func must[V any](value V, err error) V {
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // a broken file of this repository; os.Exit would lose a log line
		os.Exit(1)
	}
	return value
}
