// Package totp makes and checks the codes of authenticator apps (RFC 6238): SHA-1,
// six digits, a new one every 30 seconds.
//
// To enrol a user, show a new key as text and as a QR code, and store it once the
// user typed a code that matches:
//
//	key := totp.NewKey()
//	text := totp.Text(key) // "JBSW Y3DP …"
//	svg, err := totp.SVG(totp.URI(key, "Corral", "ada@example.com"))
//	step, ok := totp.Match(key, typed, time.Now())
//
// Match refuses no replay: a code is good for up to 90 seconds, also for an attacker
// who watched it being typed. The caller stores the step of each code that it
// accepts, that of the enrolment included, and accepts only greater ones. Comparing
// and storing are one statement, so that of two concurrent requests one fails:
//
//	UPDATE … SET totp_step = ? WHERE id = ? AND totp_step < ?
//
// Nor does Match limit attempts: three of a million codes match at any time.
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

// NewKey returns a key: 20 bytes of crypto/rand. Checking codes takes the key itself,
// so the caller seals what it stores: a digest would not do.
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

// encode needs no padding for 20 bytes.
func encode(key []byte) string { return base32.StdEncoding.EncodeToString(key) }

// URI returns the otpauth URI of the key, which an app shows under the issuer and
// account. Algorithm, digits and period are the format's defaults: without them, the
// QR code is coarser and easier to scan.
//
// See https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
func URI(key []byte, issuer, account string) string {
	issuer = escape(issuer)
	return "otpauth://totp/" + issuer + ":" + escape(account) + "?secret=" + encode(key) + "&issuer=" + issuer
}

// escape returns text for a path or query: apps show the + of url.QueryEscape, and
// url.PathEscape leaves an & that ends the issuer. Colons go: apps split at the first
// one, encoded or not.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(text, ":", "")), "+", "%20")
}

// Code returns the code of the step at a time.
func Code(key []byte, at time.Time) string {
	code, err := hotp.GenerateCode(encode(key), uint64(step(at)))
	if err != nil {
		panic(err) // unreachable: the key is base32
	}
	return code
}

// step returns the number of the period since 1970 (RFC 6238, section 4.2).
func step(at time.Time) int64 { return at.Unix() / int64(period/time.Second) }

// Match reports whether typed is the code of now or of the step before or after,
// since clocks differ and typing takes time. It returns the code's step.
func Match(key []byte, typed string, now time.Time) (matched int64, ok bool) {
	if len(key) != keyBytes { // prevents a bypass: everybody knows the codes of no key
		return 0, false
	}
	code := []byte(normalize(typed))
	// To the last one: if two steps have the same code, storing the first would
	// leave the code good for the second.
	for _, at := range []time.Time{now.Add(-period), now, now.Add(period)} {
		if subtle.ConstantTimeCompare([]byte(Code(key, at)), code) == 1 {
			matched, ok = step(at), true
		}
	}
	return matched, ok
}

// LooksLikeCode reports whether typed is six digits, as no recovery code is.
func LooksLikeCode(typed string) bool {
	code := normalize(typed)
	return len(code) == digits && strings.Trim(code, "0123456789") == ""
}

// normalize returns a typed code in ASCII digits: without spaces, which apps show
// within a code, and characters that are copied unseen. Keyboards for Arabic and
// Japanese type other digits.
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

// value returns the value of a digit of any script. Unicode has the ten of a script
// in order, without a gap (UAX #44, Numeric_Type).
func value(digit rune) rune {
	first := digit
	for unicode.IsDigit(first - 1) {
		first--
	}
	return (digit - first) % 10
}
