package i18n

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/nicksnyder/go-i18n/i18n/bundle"
)

// Translate returns the text of a key, its placeholders filled. A missing text
// falls back to the default language, then to the key. The arguments are
// go-i18n's: a count for a plural, then a map or struct of placeholders.
type Translate func(key string, args ...any) string

type locale struct {
	files  fs.FS
	name   string // the name of the language, as in file names
	paths  []string
	parsed atomic.Pointer[parse]

	fallback *locale // nil for the default language
}

type parse func() (bundle.TranslateFunc, error)

func newLocale(files fs.FS, name string) *locale {
	l := &locale{files: files, name: name}
	l.parsed.Store(l.parseOnce())
	return l
}

func (l *locale) parseOnce() *parse {
	once := parse(sync.OnceValues(l.parse))
	return &once
}

// parse uses a bundle of its own: go-i18n's default is global.
func (l *locale) parse() (bundle.TranslateFunc, error) {
	texts := bundle.New()
	for _, path := range l.paths {
		source, err := fs.ReadFile(l.files, path)
		if err == nil {
			err = texts.ParseTranslationFileBytes(l.name+".yaml", source)
		}
		if err != nil {
			return nil, fmt.Errorf("locale file %s: %w", path, err)
		}
	}
	return texts.Tfunc(l.name)
}

func (l *locale) reload() error {
	fresh := l.parseOnce()
	if _, err := (*fresh)(); err != nil {
		return err
	}
	l.parsed.Store(fresh)
	return nil
}

func (l *locale) translate(key string, args ...any) string {
	t, err := (*l.parsed.Load())()
	if err != nil {
		panic(err)
	}
	text := t(key, args...)
	if text == key && l.fallback != nil {
		return l.fallback.translate(key, args...)
	}
	return text
}
