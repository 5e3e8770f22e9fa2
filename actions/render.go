package actions

import (
	"html/template"
	"io/fs"
	"log"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/actions/view"
	"corral/assets"
	"corral/config"
	"corral/locales"
	"corral/templates"
)

// What every page is made of. In development it is read from the folders, at
// every page; elsewhere from the binary, once.
var (
	conf, _    = config.Current() // main has refused to start if it is faulty
	live       = conf.Development()
	texts      = must(view.LoadLocales(folder("locales", locales.FS)))
	assetFiles = must(edge.LoadAssets(folder("assets", assets.FS), live))

	r = view.New(view.Options{
		Templates: folder("templates", templates.FS),
		Layout:    "application.plush.html",
		Reload:    live,
		Helpers:   map[string]any{"assetPath": assetFiles.Path, "passwordMin": conf.PasswordMin, "signupOpen": conf.SignupOpen, "mailbox": live, "linked": linked, "development": live, "title": ""}, // generated pages set no title
		Language:  inLanguage,
	})
)

func folder(name string, embedded fs.FS) fs.FS {
	if info, err := os.Stat(name); live && err == nil && info.IsDir() {
		return os.DirFS(name)
	}
	return embedded // also for a development build that runs elsewhere
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err) // a file of this repository is wrong
	}
	return value
}

// linked makes the addresses in a text clickable, for the development mailbox.
func linked(text string) template.HTML {
	return template.HTML(webAddress.ReplaceAllString(template.HTMLEscapeString(text), `<a href="$0">$0</a>`))
}

var webAddress = regexp.MustCompile(`https?://[^\s<"&]+`)

// Translate chooses the language of the page, which decides what the templates
// get by inLanguage.
func Translate(next buffalo.Handler) buffalo.Handler {
	return func(c buffalo.Context) error {
		if live {
			if err := texts.Reload(); err != nil {
				return err
			}
		}
		c.Set("lang", languageOf(c.Request(), chosenLanguage(c)))
		c.Set("here", thisPage(c.Request()))
		return next(c)
	}
}

// chosenLanguage is the account's own, or "".
func chosenLanguage(c buffalo.Context) string {
	if session := currentSession(c); session != nil {
		return session.User.Language
	}
	return ""
}

// inLanguage is what the templates have in each language.
func inLanguage(name string) map[string]any {
	t := texts.In(name)
	return map[string]any{
		"t": t, "dir": view.Direction(name), "languages": languageOptions[name],
		"moment": func(at time.Time) template.HTML { return view.TimeElement(t, at) },
	}
}

// language is that of the page.
func language(c buffalo.Context) string { return c.Value("lang").(string) }

func translate(c buffalo.Context, key string, args ...any) string {
	return texts.In(language(c))(key, args...)
}

// renderForm shows a form, with its problem in the person's language, or "".
func renderForm(c buffalo.Context, status int, template, problem string) error {
	if problem != "" && wantsJSON(c.Request()) {
		return refuseForm(c, status, problem)
	}
	c.Set("problem", problem)
	return c.Render(status, r.HTML(template))
}

// field returns a field of the submitted form. It reads the body only, so that
// a password in an address is no password, and the first of two with one name.
func field(c buffalo.Context, name string) string {
	return c.Request().PostForm.Get(name)
}

// shown makes typed text fit to be shown again: what is no text is left out.
func shown(typed string) string {
	const longest = 254
	typed = strings.ReplaceAll(strings.ToValidUTF8(typed, ""), "\x00", "")
	if len(typed) > longest {
		return ""
	}
	return typed
}
