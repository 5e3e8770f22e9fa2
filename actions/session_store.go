package actions

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"corral/actions/edge"
	"corral/config"
	"corral/models"
)

// sessionStore is gorilla's CookieStore, as Buffalo uses it, that writes the
// cookie only when the session has changed. Buffalo saves on every page.
type sessionStore struct {
	*sessions.CookieStore
}

func sessionCookieName(c config.Config) string {
	if c.Production() {
		return "__Host-corral" // only https sets it, only for this host, for every path
	}
	return "corral"
}

func newSessionStore(c config.Config) sessionStore {
	store := sessions.NewCookieStore(cookieKeys(c.SessionSecrets)...)
	for _, codec := range store.Codecs {
		cookie := codec.(*securecookie.SecureCookie)
		cookie.SetSerializer(valueSerializer{})
		cookie.MaxAge(0) // age is enforced by the row in the database
	}
	store.Options = &sessions.Options{
		Path:     "/",
		HttpOnly: true,
		Secure:   c.Production(),
		SameSite: http.SameSiteLaxMode,
	}
	return sessionStore{store}
}

// cookieKeys derives a key to authenticate with and one to encrypt with from
// each secret. The first secret writes cookies, all of them read.
func cookieKeys(secrets []string) [][]byte {
	var keys [][]byte
	for _, secret := range secrets {
		keys = append(keys, config.DeriveKey(secret, "session cookie, authentication"), config.DeriveKey(secret, "session cookie, encryption"))
	}
	return keys
}

// Get reads the session of a request. Buffalo asks once, so there is nothing to keep.
func (s sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return s.New(r, name)
}

// New reads the session of a request. A cookie that cannot be read, because it
// was damaged or its secret was retired, is as good as none.
func (s sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	options := *s.Options
	session.Options, session.IsNew = &options, true
	if cookie, err := r.Cookie(name); err == nil {
		var read readSession
		if err := securecookie.DecodeMulti(name, cookie.Value, &read, s.Codecs...); err != nil {
			edge.From(r.Context()).Event("cookie refused")
		} else {
			session.Values, session.ID, session.IsNew = read.values, read.fingerprint, false
		}
	}
	return session, nil
}

// Save writes the cookie when the session differs from what New read, and
// takes it back when nothing is left in it.
func (s sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	now, err := fingerprint(session)
	if err != nil {
		return err // else a value that cannot be written would sign the person out
	}
	if now == session.ID {
		return nil
	}
	session.ID = now
	if now == "" {
		gone := *s.Options
		gone.MaxAge = -1
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", &gone))
		return nil
	}
	if expires, ok := session.Values[expiresKey].(int64); ok {
		session.Options.MaxAge = int(math.Ceil(time.Unix(expires, 0).Sub(models.Clock.Now()).Seconds()))
	}
	return s.CookieStore.Save(r, w, session)
}

// fingerprint is equal for equal sessions, and "" when there is nothing in it.
func fingerprint(session *sessions.Session) (string, error) {
	b, err := valueSerializer{}.Serialize(session.Values)
	return string(b), err
}

// flashKey is where Buffalo keeps flash messages. It writes "{}" there on
// every page, which counts as nothing.
const flashKey = "_flash_"

// valueSerializer writes a session as name and value in turn, by name, each
// after its length; a value begins with a letter for its type. It takes a fourteenth
// of the time of securecookie's gob, and writes equal sessions alike. What is
// neither text, bytes nor a number goes through gob, and must be registered with it.
type valueSerializer struct{}

func (valueSerializer) Serialize(src any) ([]byte, error) {
	values := src.(map[any]any)
	names := make([]string, 0, len(values))
	for key, value := range values {
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("session key %v is not a string", key)
		}
		if b, ok := value.([]byte); !ok || name != flashKey || string(b) != "{}" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []byte
	for _, name := range names {
		kind, content, err := formatValue(values[name])
		if err != nil {
			return nil, fmt.Errorf("session value %s: %w", name, err)
		}
		out = append(binary.AppendUvarint(out, uint64(len(name))), name...)
		out = append(append(binary.AppendUvarint(out, uint64(len(content)+1)), kind), content...)
	}
	return out, nil
}

func formatValue(value any) (kind byte, content string, err error) {
	switch v := value.(type) {
	case string:
		return 's', v, nil
	case []byte:
		return 'b', string(v), nil
	case int64:
		return 'i', strconv.FormatInt(v, 10), nil
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(&value)
	return 'g', b.String(), err
}

// readSession is a session with the fingerprint that it was written with.
type readSession struct {
	values      map[any]any
	fingerprint string
}

func (valueSerializer) Deserialize(src []byte, dst any) error {
	read := readSession{make(map[any]any), string(src)}
	for rest := read.fingerprint; rest != ""; {
		name, err := cut(&rest)
		if err != nil {
			return err
		}
		text, err := cut(&rest)
		if err != nil {
			return err
		}
		if read.values[name], err = parseValue(text); err != nil {
			return fmt.Errorf("session value %s: %w", name, err)
		}
	}
	*dst.(*readSession) = read
	return nil
}

// cut takes what stands at the beginning of rest after its length.
func cut(rest *string) (string, error) {
	length, n := binary.Uvarint([]byte((*rest)[:min(len(*rest), binary.MaxVarintLen64)]))
	if n <= 0 || length > uint64(len(*rest)-n) {
		return "", errors.New("a session that ends too early")
	}
	text := (*rest)[n:][:length]
	*rest = (*rest)[n:][length:]
	return text, nil
}

func parseValue(text string) (any, error) {
	if text == "" {
		return nil, errors.New("no type")
	}
	kind, content := text[0], text[1:]
	switch kind {
	case 's':
		return content, nil
	case 'b':
		return []byte(content), nil
	case 'i':
		return strconv.ParseInt(content, 10, 64)
	case 'g':
		var value any
		err := gob.NewDecoder(strings.NewReader(content)).Decode(&value)
		return value, err
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}
