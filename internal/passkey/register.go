package passkey

import (
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// User is the account that a passkey is registered for.
type User struct {
	Handle      []byte // identifies the account: 1 to 64 bytes, without personal data
	Name        string // the email, which authenticators show
	DisplayName string
}

// algorithms are in order of preference. Every authenticator supports one of them.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// maxPublicKey is the maximum size of a public key in bytes. An RSA-4096 key has 530.
// Prevents denial of service: verifying with a huge key takes seconds.
const maxPublicKey = 1024

// BeginRegistration returns a challenge for u. The browser refuses authenticators that
// already hold one of the excluded credentials. The state of the challenge is for one purpose
// and one subject, such as a session: FinishRegistration needs the same.
func (p *RelyingParty) BeginRegistration(purpose, subject string, u User, exclude []Credential) (*Challenge, error) {
	if p.unusable != nil {
		return nil, p.unusable
	}
	creation, session, err := p.webAuthn.BeginRegistration(user{User: u},
		webauthn.WithCredentialParameters(algorithms), webauthn.WithExclusions(descriptors(exclude)))
	if err != nil {
		return nil, err
	}
	return p.newChallenge(protocol.CreateCeremony, purpose, subject, creation.Response, session)
}

// FinishRegistration verifies the answer of navigator.credentials.create. The app must
// refuse, by a unique index, a credential ID that is stored already: an attacker can
// choose the ID of another account's passkey.
func (p *RelyingParty) FinishRegistration(purpose, subject string, a Answer) (*Verified, error) {
	session, err := p.open(protocol.CreateCeremony, purpose, subject, a.State)
	if err != nil {
		return nil, err
	}
	answer, err := withoutExtensions(a.Credential)
	if err != nil {
		return nil, refused(err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	if err := p.checkOrigin(parsed.Response.CollectedClientData); err != nil {
		return nil, err
	}
	// Ignore attestation, which was not requested: the library's parsers of its
	// certificates would only add to the attack surface.
	object := &parsed.Response.AttestationObject
	object.Format, object.AttStatement, object.SubStatements = string(protocol.AttestationFormatNone), nil, nil
	created, err := p.webAuthn.CreateCredential(user{User: User{Handle: session.UserID}}, *session, parsed)
	if err != nil {
		return nil, refused(err)
	}
	// The library would parse the key only at the first login.
	if _, err := webauthncose.ParsePublicKey(created.PublicKey); err != nil {
		return nil, refused(err)
	}
	if len(created.PublicKey) > maxPublicKey {
		return nil, refused(errors.New("the public key is too large"))
	}
	return &Verified{Credential: p.fromLibrary(created), ChallengeDigest: digest(session.Challenge)}, nil
}
