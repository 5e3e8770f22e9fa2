package passkey

import (
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// User is the account that a passkey is registered for.
type User struct {
	Handle      []byte // the account's ID, 1 to 64 bytes without personal data
	Name        string // shown by authenticators: the email
	DisplayName string
}

// algorithms in order of preference. Every authenticator has one of them.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// maxPublicKey is in bytes; a key of RSA-4096 has 530. A login with a huge one would
// take the server seconds.
const maxPublicKey = 1024

// BeginRegistration returns a challenge for u's authenticators but for those that
// hold one of the excluded credentials.
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

// FinishRegistration verifies the answer of navigator.credentials.create. The credential's ID may be another account's already: the app's unique
// key must refuse that.
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
	// Nobody asked for attestation. This leaves its parsers of certificates unused.
	object := &parsed.Response.AttestationObject
	object.Format, object.AttStatement, object.SubStatements = string(protocol.AttestationFormatNone), nil, nil
	created, err := p.webAuthn.CreateCredential(user{User: User{Handle: session.UserID}}, *session, parsed)
	if err != nil {
		return nil, refused(err)
	}
	// The library reads the key at the first login only.
	if _, err := webauthncose.ParsePublicKey(created.PublicKey); err != nil {
		return nil, refused(err)
	}
	if len(created.PublicKey) > maxPublicKey {
		return nil, refused(errors.New("the public key is too large"))
	}
	return &Verified{Credential: p.fromLibrary(created), ChallengeDigest: digest(session)}, nil
}
