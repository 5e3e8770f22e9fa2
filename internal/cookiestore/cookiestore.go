// Package cookiestore keeps a session in an encrypted cookie. [Store] is a
// gorilla sessions.Store for Buffalo's SessionStore option:
//
//	app := buffalo.New(buffalo.Options{
//		SessionName: "shop",
//		SessionStore: cookiestore.New(cookiestore.Options{
//			Keys:   [][]byte{authenticationKey, encryptionKey},
//			Secure: true,
//		}),
//	})
//
// Buffalo saves the session on every page. Unlike gorilla's CookieStore, [Store.Save]
// writes the cookie only if the session has changed, and removes the cookie of an
// empty session.
//
// The store ignores cookies that it cannot read. It accepts cookies of any age: keep an
// expiry among the session's values.
//
// The cookie stays under the 4,096 bytes that browsers accept: Save drops the oldest
// of Buffalo's flash messages, and returns an error if the rest is too large.
//
// The keys of session values must be strings. The values may have any type that is
// registered with encoding/gob; string, []byte and int64 are the cheapest.
package cookiestore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// Options configure a Store.
type Options struct {
	// Keys are pairs of an authentication key (32 or 64 bytes) and an encryption
	// key (16, 24 or 32 bytes). The first pair writes cookies; all pairs read them.
	// Save replaces a cookie that another pair wrote, so that the pair can be removed
	// later.
	Keys [][]byte

	// Secure restricts the cookie to TLS.
	Secure bool

	// ExpiresKey is the key of a value of type int64: the Unix time at which the browser
	// removes the cookie. Without that value, the cookie lasts until the browser closes.
	ExpiresKey string

	// Now is the clock by which the cookie's lifetime is computed.
	Now func() time.Time

	// ReadOnly, if not nil, reports whether a request, such as a prefetch, must not
	// change the session. Such a request gets no flash messages.
	ReadOnly func(r *http.Request) bool

	// OnRefused, if not nil, is called when a cookie cannot be read.
	OnRefused func(r *http.Request)
}

// A Store reads and writes sessions.
type Store struct {
	codecs    []securecookie.Codec
	secure    bool
	expires   string
	now       func() time.Time
	readOnly  func(r *http.Request) bool
	onRefused func(r *http.Request)
}

// New returns a Store.
func New(o Options) *Store {
	s := &Store{securecookie.CodecsFromPairs(o.Keys...), o.Secure, o.ExpiresKey, o.Now, o.ReadOnly, o.OnRefused}
	for _, codec := range s.codecs {
		cookie := codec.(*securecookie.SecureCookie)
		cookie.SetSerializer(securecookie.NopEncoder{})
		cookie.MaxAge(0)    // does not expire
		cookie.MaxLength(0) // New and Save check the size
	}
	return s
}

// Get returns the session of a request: for the same request, the same session.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New returns the session of a request, or an empty session if the request has no
// readable cookie. The error is always nil.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	values, id, err := s.read(cookie)
	switch {
	case err == nil:
		session.Values, session.ID, session.IsNew = values, id, false
		if s.readOnly != nil && s.readOnly(r) {
			delete(session.Values, flashKey)
		}
	case s.onRefused != nil:
		s.onRefused(r)
	}
	return session, nil
}

func (s *Store) read(cookie *http.Cookie) (values map[any]any, id string, err error) {
	if len(cookie.Value) > maxBytes {
		return nil, "", errors.New("too large")
	}
	var encoded []byte
	if s.codecs[0].Decode(cookie.Name, cookie.Value, &encoded) == nil {
		id = fingerprint(encoded)
	} else if err := securecookie.DecodeMulti(cookie.Name, cookie.Value, &encoded, s.codecs[1:]...); err != nil {
		return nil, "", err
	} else {
		id = "of another pair" // equals no fingerprint, so Save writes the cookie
	}
	values, err = decode(encoded)
	return values, id, err
}

// Save writes the cookie if the session has changed, and removes it if the session
// is empty or its Options.MaxAge is negative. On error, and for a read-only
// request, it writes nothing.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if s.readOnly != nil && s.readOnly(r) {
		return nil
	}
	encoded, err := encode(session.Values)
	if err != nil {
		return err // an empty cookie would log the user out
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

// cookie returns a session's cookie, of any size. A nil encoded removes it.
func (s *Store) cookie(session *sessions.Session, encoded []byte) (*http.Cookie, error) {
	options := *session.Options
	if encoded == nil {
		options.MaxAge = -1
		return sessions.NewCookie(session.Name(), "", &options), nil
	}
	if at, ok := session.Values[s.expires].(int64); ok {
		options.MaxAge = int(math.Ceil(time.Unix(at, 0).Sub(s.now()).Seconds()))
	}
	// Clone: EncodeMulti encrypts in place.
	value, err := securecookie.EncodeMulti(session.Name(), bytes.Clone(encoded), s.codecs...)
	return sessions.NewCookie(session.Name(), value, &options), err
}

// fingerprint returns the ID of an encoded session: its hash, or "" if it is nil.
func fingerprint(encoded []byte) string {
	if encoded == nil {
		return ""
	}
	sum := sha256.Sum256(encoded)
	return string(sum[:])
}
