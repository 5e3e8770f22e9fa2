// Package passkey registers and verifies passkeys (WebAuthn Level 3) without tables
// and routes of its own.
//
// A browser asks for a challenge, gives its publicKey to navigator.credentials, and
// sends an [Answer]:
//
//	party := passkey.New(passkey.Options{PublicURL: host, Name: "Shop", Secrets: ring, Now: time.Now})
//	challenge, err := party.BeginLogin("login", "", nil, nil) // answer with its JSON
//	…
//	verified, err := party.FinishLogin("login", "", answer, func(id []byte) ([]byte, passkey.Credential, error) {
//		row, err := findPasskey(db, id) // passkey.ErrUnknown if there is none
//		return row.UserID.Bytes(), passkey.Decode(row.Data), err
//	})
//	err = db.Transaction(func(tx *pop.Connection) error {
//		err := verified.Redeem(tx, time.Now())
//		… // store verified.Credential.Encode(), log in
//	})
//
// Redeem makes an answer work once, on all nodes. It needs the table of package once.
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
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/gobuffalo/pop/v6"

	"corral/internal/once"
	"corral/internal/secret"
)

// Lifetime is how long a challenge may be answered.
const Lifetime = 5 * time.Minute

// Errors of FinishRegistration and FinishLogin, which wrap them.
var (
	// ErrExpired means that the challenge is too old, or was used: the browser needs
	// another.
	ErrExpired = errors.New("the challenge is too old or was used")
	// ErrRefused means that the answer proves nothing, or that its state is damaged or
	// another purpose's or subject's.
	ErrRefused = errors.New("the passkey is refused")
	// ErrUnknown is for lookup functions: no passkey has this ID.
	ErrUnknown = errors.New("the passkey is unknown")
)

// ErrUnusable is the error of all methods where [Unusable] gives a reason.
var ErrUnusable = errors.New("passkeys do not work")

// Options configures a RelyingParty.
type Options struct {
	PublicURL *url.URL // its host is the RP ID, for good: passkeys work under no other
	Name      string   // of the site, for the browser's dialogs
	Secrets   secret.Ring
	Now       func() time.Time
}

// A RelyingParty is a site where users register and use passkeys.
type RelyingParty struct {
	options  Options
	origin   string
	webAuthn *webauthn.WebAuthn
	unusable error
}

// Message keys of Unusable.
const (
	UnusableIP   = "passkey.off_ip"   // the host is an IP address
	UnusableName = "passkey.off_name" // the host is no domain, like "intranet"
	UnusableHTTP = "passkey.off_http" // plain http, which browsers accept for localhost only
)

// Unusable returns the message key of why browsers refuse passkeys under publicURL, or
// "".
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

func New(o Options) *RelyingParty {
	if reason := Unusable(o.PublicURL); reason != "" {
		return &RelyingParty{unusable: fmt.Errorf("%w under %s (%s)", ErrUnusable, o.PublicURL, reason)}
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
	return &RelyingParty{o, origin, w, err}
}

// A Challenge is what a browser needs to answer. Its JSON is
// {"publicKey": {…}, "state": "…"}.
type Challenge struct {
	PublicKey any    `json:"publicKey"` // for parseCreationOptionsFromJSON or parseRequestOptionsFromJSON
	State     string `json:"state"`     // sealed; to be sent back
}

// An Answer is what the browser sends.
type Answer struct {
	State      string          `json:"state"`
	Credential json.RawMessage `json:"credential"` // as its toJSON returns it
}

// Verified is a right answer.
type Verified struct {
	Credential      Credential // as it is now, to be stored
	ChallengeDigest []byte     // SHA-256

	// For the log. A copied key makes the counter stand still, but so do some
	// honest authenticators.
	CounterStuck, BackupChanged bool
}

// Redeem uses the challenge up, in the transaction that it serves. It returns
// ErrExpired if it was used before.
func (v *Verified) Redeem(tx *pop.Connection, now time.Time) error {
	err := once.Use(tx, v.ChallengeDigest, now.Add(Lifetime))
	if errors.Is(err, once.ErrUsed) {
		return ErrExpired
	}
	return err
}

// Problem returns the HTTP status and the message key of a refusal, or 0 and "".
func Problem(err error) (status int, messageKey string) {
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound, "passkey.unknown"
	case errors.Is(err, ErrExpired):
		return http.StatusConflict, "passkey.expired"
	case errors.Is(err, ErrRefused):
		return http.StatusUnprocessableEntity, "passkey.refused"
	}
	return 0, ""
}

// state is what a challenge was made for. Sealing it needs no row, so that strangers
// fill no table and two tabs do not disturb each other.
type state struct {
	Ceremony         protocol.CeremonyType
	Purpose, Subject string
	Ends             time.Time
	Session          webauthn.SessionData
}

const purposeOfState = "passkey challenges"

func (p *RelyingParty) newChallenge(ceremony protocol.CeremonyType, purpose, subject string, publicKey any, session *webauthn.SessionData) (*Challenge, error) {
	plain, err := json.Marshal(state{ceremony, purpose, subject, p.options.Now().Add(Lifetime), *session})
	if err != nil {
		return nil, fmt.Errorf("sealing a challenge: %w", err)
	}
	return &Challenge{publicKey, base64.RawURLEncoding.EncodeToString(p.options.Secrets.Seal(purposeOfState, plain))}, nil
}

// open returns the session that newChallenge sealed. The purpose and the subject
// prevent that a challenge which the attacker may answer serves for another.
func (p *RelyingParty) open(ceremony protocol.CeremonyType, purpose, subject, sealed string) (*webauthn.SessionData, error) {
	if p.unusable != nil {
		return nil, p.unusable
	}
	encrypted, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, refused(err)
	}
	plain, err := p.options.Secrets.Open(purposeOfState, encrypted)
	if err != nil {
		return nil, refused(err)
	}
	var s state
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, refused(err)
	}
	if s.Ceremony != ceremony || s.Purpose != purpose || s.Subject != subject {
		return nil, refused(errors.New("the challenge is for another purpose"))
	}
	if !p.options.Now().Before(s.Ends) {
		return nil, ErrExpired
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
