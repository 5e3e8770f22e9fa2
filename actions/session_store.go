package actions

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
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
	return fingerprintOf(b), err
}

func fingerprintOf(serialized []byte) string {
	if string(serialized) == "{}" {
		return ""
	}
	return string(serialized)
}

// flashKey is where Buffalo keeps flash messages. It writes "{}" there on
// every page, which counts as nothing.
const flashKey = "_flash_"

// valueSerializer writes a session as a JSON object of strings, each with a
// letter for its type. It is several times as fast as securecookie's gob, and
// always writes equal sessions alike. What is neither text, bytes nor a number
// goes through gob, and must be registered with it.
type valueSerializer struct{}

func (valueSerializer) Serialize(src any) ([]byte, error) {
	values := map[string]string{}
	for key, value := range src.(map[any]any) {
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("session key %v is not a string", key)
		}
		switch v := value.(type) {
		case string:
			values[name] = "s" + v
		case []byte:
			if name != flashKey || string(v) != "{}" {
				values[name] = "b" + base64.StdEncoding.EncodeToString(v)
			}
		case int64:
			values[name] = fmt.Sprintf("i%d", v)
		default:
			var b bytes.Buffer
			if err := gob.NewEncoder(&b).Encode(&value); err != nil {
				return nil, fmt.Errorf("session value %s: %w", name, err)
			}
			values[name] = "g" + base64.StdEncoding.EncodeToString(b.Bytes())
		}
	}
	return json.Marshal(values)
}

// readSession is a session with the fingerprint that it was written with.
type readSession struct {
	values      map[any]any
	fingerprint string
}

func (valueSerializer) Deserialize(src []byte, dst any) error {
	var values map[string]string
	if err := json.Unmarshal(src, &values); err != nil {
		return err
	}
	out := make(map[any]any, len(values)+1) // Buffalo adds its flash
	for name, text := range values {
		value, err := parseValue(text)
		if err != nil {
			return fmt.Errorf("session value %s: %w", name, err)
		}
		out[name] = value
	}
	*dst.(*readSession) = readSession{out, fingerprintOf(src)}
	return nil
}

func parseValue(text string) (any, error) {
	if text == "" {
		return nil, errors.New("no type")
	}
	kind, rest := text[0], text[1:]
	switch kind {
	case 's':
		return rest, nil
	case 'b':
		return base64.StdEncoding.DecodeString(rest)
	case 'i':
		return strconv.ParseInt(rest, 10, 64)
	case 'g':
		b, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return nil, err
		}
		var value any
		err = gob.NewDecoder(bytes.NewReader(b)).Decode(&value)
		return value, err
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}
