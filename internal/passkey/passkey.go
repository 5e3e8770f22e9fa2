// Package passkey registers and verifies passkeys (WebAuthn Level 3). The app has the
// routes and stores the passkeys.
//
// A browser requests a [Challenge], passes its publicKey to navigator.credentials, and
// sends an [Answer]:
//
//	party := passkey.New(passkey.Options{PublicURL: host, Name: "Shop", Secrets: ring, Now: time.Now})
//	challenge, err := party.BeginLogin("login", "", nil, nil) // send it as JSON
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
// Redeem makes an answer work only once, on all nodes. It needs the table of package once.
//
// The package requires user verification and discoverable credentials. It requests
// neither attestation nor extensions, and ignores them in answers.
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
	// ErrExpired means that the challenge is too old or was used. The browser needs a
	// new challenge.
	ErrExpired = errors.New("the challenge is too old or was used")
	// ErrRefused means that the answer is not valid, or that its state is damaged or
	// belongs to another purpose or subject.
	ErrRefused = errors.New("the passkey is refused")
	// ErrUnknown is returned by lookup functions if no passkey has the ID.
	ErrUnknown = errors.New("the passkey is unknown")
)

// ErrUnusable is returned by all methods if [Unusable] returns a reason.
var ErrUnusable = errors.New("passkeys do not work")

// Options configures a RelyingParty.
type Options struct {
	PublicURL *url.URL // its host is the RP ID; if it changes, registered passkeys stop working
	Name      string   // the app's name, for the browser's dialogs
	Secrets   secret.Ring
	Now       func() time.Time
}

// A RelyingParty is an app where users register and use passkeys.
type RelyingParty struct {
	options  Options
	origin   string
	webAuthn *webauthn.WebAuthn
	unusable error
}

// Unusable returns the message key of the reason why browsers refuse passkeys under
// publicURL, or "".
func Unusable(publicURL *url.URL) string {
	host := publicURL.Hostname()
	_, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return "passkey.off_ip"
	case protocol.ValidateRPID(host) != nil: // such as "intranet"
		return "passkey.off_name"
	case publicURL.Scheme != "https" && host != "localhost":
		return "passkey.off_http"
	}
	return ""
}

// New returns a RelyingParty. If browsers refuse passkeys under the public URL, all
// its methods return ErrUnusable.
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
			RequireResidentKey: protocol.ResidentKeyRequired(), // for browsers with WebAuthn Level 1
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	return &RelyingParty{o, origin, w, err}
}

// Serves reports whether a passkey works under the public URL: each works under one host only.
func (p *RelyingParty) Serves(c Credential) bool {
	return p.unusable == nil && (c.RPID == "" || c.RPID == p.webAuthn.Config.RPID)
}

// A Challenge is sent to the browser. Its JSON is {"publicKey": {…}, "state": "…"}.
type Challenge struct {
	PublicKey any    `json:"publicKey"` // for parseCreationOptionsFromJSON or parseRequestOptionsFromJSON
	State     string `json:"state"`     // encrypted; the browser sends it back
}

// An Answer is the browser's answer to a challenge.
type Answer struct {
	State      string          `json:"state"`
	Credential json.RawMessage `json:"credential"` // the result of PublicKeyCredential.toJSON
}

// Verified is the result of a valid answer.
type Verified struct {
	Credential      Credential // with the new counter and flags: store it
	ChallengeDigest []byte     // SHA-256

	// CounterStuck and BackupChanged are for the log. A counter that does not grow may
	// mean that the key was copied, but some honest authenticators do not count.
	CounterStuck, BackupChanged bool
}

// Redeem marks the challenge as used. Call it in the transaction that logs in or stores
// the passkey. It returns ErrExpired if the challenge was used before.
func (v *Verified) Redeem(tx *pop.Connection, now time.Time) error {
	err := once.Use(tx, v.ChallengeDigest, now.Add(Lifetime))
	if errors.Is(err, once.ErrUsed) {
		return ErrExpired
	}
	return err
}

// Problem returns the HTTP status and the message key for an error of this package, or
// 0 and "" for other errors.
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

// IsProblem reports whether Problem knows an error: a failure of the client, not of the app.
func IsProblem(err error) bool {
	status, _ := Problem(err)
	return status != 0
}

// state is what a challenge was made for. The browser keeps it, encrypted, instead of
// a row: clients that are not logged in cannot fill a table, and each tab has a state of its own.
type state struct {
	Ceremony         protocol.CeremonyType
	Purpose, Subject string
	Ends             time.Time
	Session          webauthn.SessionData
}

const statePurpose = "passkey challenges" // of the keys that seal states

func (p *RelyingParty) newChallenge(ceremony protocol.CeremonyType, purpose, subject string, publicKey any, session *webauthn.SessionData) (*Challenge, error) {
	plain, err := json.Marshal(state{ceremony, purpose, subject, p.options.Now().Add(Lifetime), *session})
	if err != nil {
		return nil, fmt.Errorf("sealing a challenge: %w", err)
	}
	return &Challenge{publicKey, base64.RawURLEncoding.EncodeToString(p.options.Secrets.Seal(statePurpose, plain))}, nil
}

// open returns the session that newChallenge sealed. Purpose and subject must be the
// same: prevents an attacker from using an answer to a challenge of their own for
// another purpose or another user's account.
func (p *RelyingParty) open(ceremony protocol.CeremonyType, purpose, subject, sealed string) (*webauthn.SessionData, error) {
	if p.unusable != nil {
		return nil, p.unusable
	}
	encrypted, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, refused(err)
	}
	plain, err := p.options.Secrets.Open(statePurpose, encrypted)
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

func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// withoutExtensions removes the results of WebAuthn extensions from an answer. The
// library refuses an answer with results that were not requested, which some browsers
// send.
func withoutExtensions(answer []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, err
	}
	delete(members, "clientExtensionResults")
	return json.Marshal(members)
}

// checkOrigin compares the origin exactly. The library ignores case, user and path.
func (p *RelyingParty) checkOrigin(client protocol.CollectedClientData) error {
	if client.Origin != p.origin {
		return refused(errors.New("the answer is for another origin"))
	}
	return nil
}

func refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }

// user is an account in the form that the library requires.
type user struct {
	User
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.Handle }
func (u user) WebAuthnName() string                       { return u.Name }
func (u user) WebAuthnDisplayName() string                { return u.DisplayName }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }
