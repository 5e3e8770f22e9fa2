package i18n

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// maxAcceptLanguage bounds, in bytes, the work that a client can cause.
const maxAcceptLanguage = 256

// Match returns the first shipped language of chosen, else the best match for
// Accept-Language.
func (t *Texts) Match(acceptLanguage string, chosen ...string) string {
	for _, name := range chosen {
		if t.Ships(name) {
			return name
		}
	}
	if len(acceptLanguage) > maxAcceptLanguage {
		return DefaultLanguage
	}
	return t.matched.get(acceptLanguage, t.match)
}

func (t *Texts) match(acceptLanguage string) string {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return DefaultLanguage
	}
	_, index, confidence := t.matcher.Match(wanted...)
	if confidence == language.No { // shared scripts do not match: Arabic is no Persian
		return DefaultLanguage
	}
	return t.tags[index].String()
}

// matches caches match: browsers send few different headers, and matching takes as
// long as rendering a page.
type matches struct {
	mutex    sync.RWMutex
	byHeader map[string]string
}

// maxMatches bounds the memory that clients can fill with headers.
const maxMatches = 256

func (m *matches) get(header string, match func(string) string) string {
	m.mutex.RLock()
	name, ok := m.byHeader[header]
	m.mutex.RUnlock()
	if ok {
		return name
	}
	name = match(header)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.byHeader == nil || len(m.byHeader) == maxMatches {
		m.byHeader = map[string]string{}
	}
	m.byHeader[strings.Clone(header)] = name // the key would keep all headers in memory
	return name
}
