// Package cookiestore keeps a session in an encrypted cookie. Its [Store] is a
// gorilla sessions.Store, for Buffalo's SessionStore option:
//
//	app := buffalo.New(buffalo.Options{
//		SessionName: "shop",
//		SessionStore: cookiestore.New(cookiestore.Options{
//			Keys:   [][]byte{authenticationKey, encryptionKey},
//			Secure: true,
//		}),
//	})
//
// It differs from gorilla's CookieStore in three ways.
//
// The cookie is written only when the session has changed, although Buffalo
// saves it on every page, and is removed when nothing is left in it.
//
// A cookie that cannot be read, because it was damaged or its keys were retired,
// is as good as none. A cookie has no age: what is in it has to say until when it
// counts.
//
// The cookie stays within the 4,096 bytes that browsers accept. If Buffalo's
// flash messages outgrow them, the oldest are dropped. If the rest of the session
// does, Save returns an error, and the browser keeps the cookie that it has.
//
// Keys must be strings. Values may be of any type that encoding/gob knows, and own
// types must be registered with it. Strings, bytes and int64 are the cheapest.
package cookiestore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// Options are the settings of a Store.
type Options struct {
	// Keys are pairs of a key that authenticates (32 or 64 bytes) and one that
	// encrypts (16, 24 or 32 bytes). The first pair writes cookies, all read them.
	Keys [][]byte

	// Secure keeps the cookie from being sent without TLS.
	Secure bool

	// MaxAge returns the lifetime in seconds of a cookie that holds values. 0, and
	// a nil MaxAge, mean until the browser closes.
	MaxAge func(values map[any]any) int

	// OnRefused, if not nil, is called for a request whose cookie cannot be read.
	OnRefused func(r *http.Request)
}

// A Store reads and writes sessions.
type Store struct {
	codecs    []securecookie.Codec
	secure    bool
	maxAge    func(values map[any]any) int
	onRefused func(r *http.Request)
}

// New returns a Store.
func New(o Options) *Store {
	s := &Store{securecookie.CodecsFromPairs(o.Keys...), o.Secure, o.MaxAge, o.OnRefused}
	for _, codec := range s.codecs {
		cookie := codec.(*securecookie.SecureCookie)
		cookie.SetSerializer(securecookie.NopEncoder{})
		cookie.MaxAge(0)    // no age
		cookie.MaxLength(0) // New and Save check the size
	}
	return s
}

// Get returns the session of a request, the same one each time.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session of a request. It returns an empty one if there is no
// cookie that can be read, and never an error.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	encoded, values, err := s.read(cookie)
	switch {
	case err == nil:
		session.Values, session.ID, session.IsNew = values, fingerprint(encoded), false
	case s.onRefused != nil:
		s.onRefused(r)
	}
	return session, nil
}

func (s *Store) read(cookie *http.Cookie) (encoded []byte, values map[any]any, err error) {
	if len(cookie.Value) > maxBytes {
		return nil, nil, errors.New("too large")
	}
	if err := securecookie.DecodeMulti(cookie.Name, cookie.Value, &encoded, s.codecs...); err != nil {
		return nil, nil, err
	}
	values, err = decode(encoded)
	return encoded, values, err
}

// Save writes the cookie if the session is not what New read, and removes it if
// the session is empty or its Options.MaxAge is negative. If it returns an error,
// it has written nothing.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	encoded, err := encode(session.Values)
	if err != nil {
		return err // else a value that cannot be written would log the user out
	}
	if session.Options.MaxAge < 0 {
		encoded = nil
	}
	if fingerprint(encoded) == session.ID {
		return nil
	}
	cookie, err := s.cookie(session, encoded)
	if err == nil && size(cookie) > maxBytes {
		cookie, encoded, err = s.dropFlash(session)
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	session.ID = fingerprint(encoded)
	return nil
}

// cookie returns the cookie of a session, whatever its size. If there is nothing
// encoded, it removes the one that the browser has.
func (s *Store) cookie(session *sessions.Session, encoded []byte) (*http.Cookie, error) {
	options := *session.Options
	if encoded == nil {
		options.MaxAge = -1
		return sessions.NewCookie(session.Name(), "", &options), nil
	}
	if s.maxAge != nil {
		options.MaxAge = s.maxAge(session.Values)
	}
	value, err := securecookie.EncodeMulti(session.Name(), bytes.Clone(encoded), s.codecs...) // encrypts it in place
	return sessions.NewCookie(session.Name(), value, &options), err
}

// fingerprint returns text that is equal for equal sessions, and "" for an empty
// one. The store keeps it as the ID of a session, which need not be a secret.
func fingerprint(encoded []byte) string {
	if encoded == nil {
		return ""
	}
	sum := sha256.Sum256(encoded)
	return string(sum[:])
}
