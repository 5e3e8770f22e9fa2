package i18n

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// maxAcceptLanguage is the number of bytes of Accept-Language that are read: bounds
// the work that a client can cause.
const maxAcceptLanguage = 256

// Match returns the first shipped language of chosen, else the best match for
// Accept-Language.
func (t *Texts) Match(acceptLanguage string, chosen ...string) string {
	for _, name := range chosen {
		if t.Ships(name) {
			return name
		}
	}
	if len(acceptLanguage) > maxAcceptLanguage { // keep the first languages: they are usually preferred
		acceptLanguage = acceptLanguage[:max(0, strings.LastIndexByte(acceptLanguage[:maxAcceptLanguage], ','))]
	}
	return t.matched.get(acceptLanguage, t.match)
}

func (t *Texts) match(acceptLanguage string) string {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil { // some browsers send faulty elements, such as -BE
		readable := slices.DeleteFunc(strings.Split(acceptLanguage, ","), isFaulty)
		wanted, _, _ = language.ParseAcceptLanguage(strings.Join(readable, ","))
	}
	_, index, confidence := t.matcher.Match(wanted...)
	if confidence == language.No { // it may be another language of the same script, such as Arabic for a reader of Persian
		return t.base
	}
	return t.tags[index].String()
}

func isFaulty(element string) bool {
	_, _, err := language.ParseAcceptLanguage(element)
	return err != nil
}

// matchCache caches the results of match: browsers send few different headers, and matching
// takes as long as rendering a page.
type matchCache struct {
	mutex    sync.RWMutex
	byHeader map[string]string
}

// maxMatches bounds the memory that clients can fill with headers.
const maxMatches = 256

func (m *matchCache) get(header string, match func(string) string) string {
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
	m.byHeader[strings.Clone(header)] = name // without Clone, the key would keep the request's headers in memory
	return name
}
