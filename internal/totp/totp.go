// Package totp makes and checks the codes of authenticator apps (RFC 6238): SHA-1, six
// digits, time steps of 30 seconds. The number of a time step counts them from 1970.
//
// To enrol a user, show a new key as text and as a QR code. Store the key when the user
// has typed a code that matches:
//
//	key := totp.NewKey()
//	text := totp.Text(key) // "JBSW Y3DP …"
//	svg, err := totp.SVG(totp.URI(key, "Corral", "ada@example.com"))
//	step, ok := totp.Match(key, typed, time.Now())
//
// Match does not prevent replays: a code matches for up to 90 seconds, also for an
// attacker who has watched the user type it. The caller must store the number of the time
// step of each code that it accepts, including the first, and accept only greater numbers. Do it in
// one statement, so that only one of two concurrent requests succeeds:
//
//	UPDATE … SET totp_step = ? WHERE id = ? AND totp_step < ?
//
// Match does not limit attempts either: at any time, three of a million codes match.
package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"
)

const (
	keyBytes = 20 // RFC 4226, section 4, R6
	digits   = 6
	period   = 30 * time.Second
)

// NewKey returns a key: 20 bytes of crypto/rand. The caller must store it encrypted: a
// digest would not do, because checking a code needs the key itself.
func NewKey() []byte {
	key := make([]byte, keyBytes)
	rand.Read(key) // never returns an error
	return key
}

// Text returns the key for typing: base32 in groups of four characters.
func Text(key []byte) string {
	text := encode(key)
	for i := 4; i < len(text); i += 5 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

// encode returns the key in base32. 20 bytes need no padding.
func encode(key []byte) string { return base32.StdEncoding.EncodeToString(key) }

// URI returns the otpauth URI of the key. Authenticator apps show the issuer and the
// account. The URI leaves out algorithm, digits and period, which are the defaults, so
// that the QR code is coarser and easier to scan.
//
// See https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
func URI(key []byte, issuer, account string) string {
	issuer = escape(issuer)
	return "otpauth://totp/" + issuer + ":" + escape(account) + "?secret=" + encode(key) + "&issuer=" + issuer
}

// escape escapes text for the path and the query. It replaces the + of url.QueryEscape,
// which apps would show; url.PathEscape would keep an &, which would end the issuer. It
// removes colons, because apps split at the first one, escaped or not.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(text, ":", "")), "+", "%20")
}

// Code returns the code of the time step that contains at.
func Code(key []byte, at time.Time) string {
	code, err := hotp.GenerateCode(encode(key), uint64(step(at)))
	if err != nil {
		panic(err) // unreachable: encode returns valid base32
	}
	return code
}

// step returns the number of the time step that contains at (RFC 6238, section 4.2).
func step(at time.Time) int64 { return at.Unix() / int64(period/time.Second) }

// Match reports whether typed is the code of now, or of the time step before or after it,
// since clocks differ and typing takes time. It returns the number of the code's time step.
func Match(key []byte, typed string, now time.Time) (matched int64, ok bool) {
	if len(key) != keyBytes { // prevents a bypass: an attacker can compute the codes of an empty key
		return 0, false
	}
	code := []byte(normalize(typed))
	// Continue after a match: if two steps have the same code and the caller stored the
	// first, the code would work again in the second.
	for _, at := range []time.Time{now.Add(-period), now, now.Add(period)} {
		if subtle.ConstantTimeCompare([]byte(Code(key, at)), code) == 1 {
			matched, ok = step(at), true
		}
	}
	return matched, ok
}

// LooksLikeCode reports whether typed is six digits. Recovery codes are longer.
func LooksLikeCode(typed string) bool {
	code := normalize(typed)
	return len(code) == digits && strings.Trim(code, "0123456789") == ""
}

// normalize returns a typed code without spaces, which apps show within codes, and
// without invisible characters. It maps digits, such as those of Arabic and Japanese
// keyboards, to ASCII.
func normalize(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsDigit(r):
			return '0' + value(r)
		}
		return r
	}, typed)
}

// value returns the value of a digit of any script. In Unicode, the ten digits of a
// script are in order and without gaps (UAX #44, Numeric_Type).
func value(digit rune) rune {
	first := digit
	for unicode.IsDigit(first - 1) {
		first--
	}
	return (digit - first) % 10 // the mathematical digits are five sets without gaps
}
