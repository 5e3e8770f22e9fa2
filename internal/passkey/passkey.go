// Package passkey registers and verifies passkeys (WebAuthn Level 3) without tables
// and routes of its own.
//
// A browser asks for a challenge, gives its publicKey to navigator.credentials, and
// sends the state back with the credential:
//
//	party, err := passkey.New(passkey.Options{PublicURL: host, Name: "Shop", Seal: seal, Open: open, Now: time.Now})
//	challenge, err := party.BeginLogin("login", "", nil, nil) // answer it as JSON
//	…
//	verified, err := party.FinishLogin("login", "", body.State, body.Credential, func(id []byte) ([]byte, passkey.Credential, error) {
//		row, err := findPasskey(tx, id) // passkey.ErrUnknown if there is none
//		return row.UserID.Bytes(), row.Credential, err
//	})
//
// The app stores verified.Credential, and inserts verified.ChallengeDigest under a
// unique key in the same transaction: an answer then works once, on all nodes. Rows
// older than [Lifetime] may be purged.
//
// User verification and discoverable credentials are required. Attestation and
// extensions are not asked for; those that come nonetheless are ignored.
package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Lifetime is how long a challenge may be answered.
const Lifetime = 5 * time.Minute

// Errors of FinishRegistration and FinishLogin, which wrap them.
var (
	// ErrState means that the state is damaged, too old, or another purpose's or
	// subject's: the browser needs another challenge.
	ErrState = errors.New("the challenge is unusable or too old")
	// ErrRefused means that the answer proves nothing.
	ErrRefused = errors.New("the passkey is refused")
	// ErrUnknown is for lookup functions: no passkey has this ID.
	ErrUnknown = errors.New("the passkey is unknown")
)

// Options configures a RelyingParty.
type Options struct {
	PublicURL *url.URL // its host is the RP ID, for good: passkeys work under no other
	Name      string   // of the site, for the browser's dialogs
	Seal      func(plain []byte) []byte
	Open      func(sealed []byte) ([]byte, error)
	Now       func() time.Time
}

// A RelyingParty is a site where users register and use passkeys.
type RelyingParty struct {
	options  Options
	origin   string
	webAuthn *webauthn.WebAuthn
}

// Reasons of Unusable.
const (
	UnusableIP   = "ip"   // the host is an IP address
	UnusableName = "name" // the host is no domain, like "intranet"
	UnusableHTTP = "http" // plain http, which browsers accept for localhost only
)

// Unusable returns why browsers refuse passkeys under publicURL, or "".
func Unusable(publicURL *url.URL) string {
	host := publicURL.Hostname()
	_, notIP := netip.ParseAddr(host)
	switch {
	case notIP == nil:
		return UnusableIP
	case protocol.ValidateRPID(host) != nil:
		return UnusableName
	case publicURL.Scheme != "https" && host != "localhost":
		return UnusableHTTP
	}
	return ""
}

// New returns an error where [Unusable] gives a reason.
func New(o Options) (*RelyingParty, error) {
	if reason := Unusable(o.PublicURL); reason != "" {
		return nil, fmt.Errorf("passkeys do not work under %s (%s)", o.PublicURL, reason)
	}
	origin := o.PublicURL.Scheme + "://" + strings.ToLower(o.PublicURL.Host)
	origin = strings.TrimSuffix(origin, map[string]string{"https": ":443", "http": ":80"}[o.PublicURL.Scheme])
	timeout := webauthn.TimeoutConfig{Timeout: Lifetime}
	w, err := webauthn.New(&webauthn.Config{
		RPID:                  strings.ToLower(o.PublicURL.Hostname()),
		RPDisplayName:         o.Name,
		RPOrigins:             []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(), // for WebAuthn Level 1
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("configuring passkeys: %w", err)
	}
	return &RelyingParty{o, origin, w}, nil
}

// A Challenge is what a browser needs to answer. Its JSON is
// {"publicKey": {…}, "state": "…"}.
type Challenge struct {
	PublicKey any    `json:"publicKey"` // for parseCreationOptionsFromJSON or parseRequestOptionsFromJSON
	State     string `json:"state"`     // sealed; to be sent back
}

// Verified is a right answer.
type Verified struct {
	Credential      Credential // as it is now, to be stored
	ChallengeDigest []byte     // SHA-256, to be stored as used

	// For the log. A copied key makes the counter stand still, but so do some
	// honest authenticators.
	CounterStuck, BackupChanged bool
}

// state is what a challenge was made for. Sealing it needs no row, so that strangers
// fill no table and two tabs do not disturb each other.
type state struct {
	Ceremony         protocol.CeremonyType
	Purpose, Subject string
	Ends             time.Time
	Session          webauthn.SessionData
}

func (p *RelyingParty) newChallenge(ceremony protocol.CeremonyType, purpose, subject string, publicKey any, session *webauthn.SessionData) (*Challenge, error) {
	plain, err := json.Marshal(state{ceremony, purpose, subject, p.options.Now().Add(Lifetime), *session})
	if err != nil {
		return nil, fmt.Errorf("sealing a challenge: %w", err)
	}
	return &Challenge{publicKey, base64.RawURLEncoding.EncodeToString(p.options.Seal(plain))}, nil
}

// open returns the session that newChallenge sealed. The purpose and the subject
// prevent that a challenge which the attacker may answer serves for another.
func (p *RelyingParty) open(ceremony protocol.CeremonyType, purpose, subject, sealed string) (*webauthn.SessionData, error) {
	encrypted, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	plain, err := p.options.Open(encrypted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	var s state
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	if s.Ceremony != ceremony || s.Purpose != purpose || s.Subject != subject || !p.options.Now().Before(s.Ends) {
		return nil, ErrState
	}
	return &s.Session, nil
}

func digest(session *webauthn.SessionData) []byte {
	sum := sha256.Sum256([]byte(session.Challenge))
	return sum[:]
}

// withoutExtensions removes what extensions of the browser said: nobody asked them,
// and the library refuses an answer for their sake.
func withoutExtensions(answer []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, err
	}
	delete(members, "clientExtensionResults")
	return json.Marshal(members)
}

// checkOrigin compares exactly: the library ignores case, user and path.
func (p *RelyingParty) checkOrigin(client protocol.CollectedClientData) error {
	if client.Origin != p.origin {
		return refused(errors.New("the answer is for another origin"))
	}
	return nil
}

func refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }

// user is what the library knows of an account.
type user struct {
	User
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.Handle }
func (u user) WebAuthnName() string                       { return u.Name }
func (u user) WebAuthnDisplayName() string                { return u.DisplayName }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }
