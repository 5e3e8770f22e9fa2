package i18n

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// maxAcceptLanguage bounds the work on a header that any client may send, in bytes.
const maxAcceptLanguage = 256

// Match returns the language to answer a client in: the first of the chosen
// ones ("" is none) that is shipped, else the best match for Accept-Language.
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
	if confidence == language.No { // a shared script is no match: Arabic for Persian
		return DefaultLanguage
	}
	return t.tags[index].String()
}

// matches caches the results of match: browsers send few different headers,
// and to match one takes as long as to render a page.
type matches struct {
	mutex    sync.RWMutex
	byHeader map[string]string
}

// maxMatches bounds the memory that a client with ever new headers can fill.
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
	m.byHeader[strings.Clone(header)] = name // a clone: the key must not keep all headers in memory
	return name
}
