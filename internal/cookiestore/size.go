package cookiestore

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sort"

	"github.com/gorilla/sessions"
)

// maxBytes is the largest size of a cookie, with its name and attributes. Every browser
// accepts 4,096 bytes (RFC 6265, 6.1).
const maxBytes = 4095

func size(cookie *http.Cookie) int { return len(cookie.String()) }

// dropFlash drops the oldest flash messages until the cookie fits. If the rest
// alone does not fit, it returns an error.
func (s *Store) dropFlash(session *sessions.Session) (cookie *http.Cookie, encoded []byte, err error) {
	var flash map[string][]string
	if text, ok := session.Values[flashKey].([]byte); ok {
		json.Unmarshal(text, &flash) // on error, drop all messages: Buffalo cannot read them either
	}
	most := 0 // messages of one kind
	for _, messages := range flash {
		most = max(most, len(messages))
	}
	values := maps.Clone(session.Values)
	fits := func(keep int) bool {
		if values[flashKey], err = json.Marshal(newest(flash, keep)); err != nil {
			return false
		}
		if encoded, err = encode(values); err != nil {
			return false
		}
		cookie, err = s.cookie(session, encoded)
		return err == nil && size(cookie) <= maxBytes
	}
	keep := sort.Search(most, func(keep int) bool { return !fits(keep + 1) })
	switch {
	case fits(keep):
		session.Values[flashKey] = values[flashKey]
		return cookie, encoded, nil
	case err != nil:
		return nil, nil, err
	}
	return nil, nil, tooLarge(values, size(cookie))
}

func newest(flash map[string][]string, n int) map[string][]string {
	kept := map[string][]string{}
	for kind, messages := range flash {
		if n > 0 {
			kept[kind] = messages[max(0, len(messages)-n):]
		}
	}
	return kept
}

func tooLarge(values map[any]any, bytes int) error {
	var largest any
	most := -1
	for key, value := range values {
		if text, err := encodeValue(value); err == nil && len(text)-1 > most {
			largest, most = key, len(text)-1
		}
	}
	return fmt.Errorf("the session does not fit into a cookie: it takes %d bytes of %d, and the largest value, %v, has %d", bytes, maxBytes, largest, most)
}
