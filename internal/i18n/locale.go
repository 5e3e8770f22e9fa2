package i18n

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/nicksnyder/go-i18n/i18n/bundle"
)

// Translate returns the text of a key in one language with its placeholders
// filled. A text that the language lacks is that of the default language; the key
// itself when that has none either. The arguments are those of go-i18n: a count
// for a plural, then a map or struct of placeholders.
type Translate func(key string, args ...any) string

// locale is a language with its files.
type locale struct {
	files  fs.FS
	name   string // as the files spell it
	names  []string
	parsed atomic.Pointer[parse]

	fallback *locale // of the default language; nil for itself
}

// parse parses the files of a locale at the first call.
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

// parse reads the files into a bundle of their own: go-i18n's own is shared by
// everything in the process.
func (l *locale) parse() (bundle.TranslateFunc, error) {
	texts := bundle.New()
	for _, name := range l.names {
		source, err := fs.ReadFile(l.files, name)
		if err == nil {
			err = texts.ParseTranslationFileBytes(l.name+".yaml", source)
		}
		if err != nil {
			return nil, fmt.Errorf("locale file %s: %w", name, err)
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
