package i18n

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
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
	latest struct { // what the latest parse read and returned
		sync.Mutex
		sources [][]byte
		texts   bundle.TranslateFunc
	}

	fallback *locale // nil for the default language
}

type parse func() (bundle.TranslateFunc, error)

func newLocale(files fs.FS, name string) *locale {
	l := &locale{files: files, name: name}
	l.parsed.Store(l.parseOnce())
	return l
}

// isNamed reports whether a file has the text language.name. It does not parse the files.
func (l *locale) isNamed() bool {
	return slices.ContainsFunc(l.paths, func(path string) bool {
		source, err := fs.ReadFile(l.files, path)
		return err == nil && named.Match(source)
	})
}

var named = regexp.MustCompile(`(?m)^[^#\n]*\bid["']?\s*:\s*["']?language\.name\b`)

func (l *locale) parseOnce() *parse {
	once := parse(sync.OnceValues(l.parse))
	return &once
}

// parse uses a bundle of its own: go-i18n's default is global. It reads the files, but
// parses them only if they have changed: parsing takes ten times longer than a page.
func (l *locale) parse() (bundle.TranslateFunc, error) {
	l.latest.Lock()
	defer l.latest.Unlock()
	var sources [][]byte
	for _, path := range l.paths {
		source, err := fs.ReadFile(l.files, path)
		if errors.Is(err, fs.ErrNotExist) && l.latest.texts != nil { // removed: the next Load lacks it
			return l.latest.texts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("locale file %s: %w", path, err)
		}
		sources = append(sources, source)
	}
	if l.latest.texts != nil && slices.EqualFunc(sources, l.latest.sources, bytes.Equal) {
		return l.latest.texts, nil
	}
	texts := bundle.New()
	for i, source := range sources {
		if err := texts.ParseTranslationFileBytes(l.name+".yaml", source); err != nil {
			return nil, fmt.Errorf("locale file %s: %w", l.paths[i], err)
		}
	}
	t, err := texts.Tfunc(l.name)
	if err == nil {
		l.latest.sources, l.latest.texts = sources, t
	}
	return t, err
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
