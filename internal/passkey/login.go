package passkey

import (
	"errors"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// BeginLogin returns a challenge. If handle is nil, any passkey can answer it;
// otherwise only the passkeys of the account with that handle can. The browser gets
// allow, the list of passkeys to choose from. Leave the list empty before the client has
// passed a first factor: it reveals that the account exists.
func (p *RelyingParty) BeginLogin(purpose, subject string, handle []byte, allow []Credential) (*Challenge, error) {
	if p.unusable != nil {
		return nil, p.unusable
	}
	request, session, err := p.webAuthn.BeginDiscoverableLogin(webauthn.WithAllowedCredentials(descriptors(allow)))
	if err != nil {
		return nil, err
	}
	session.UserID = handle
	for i, id := range session.AllowedCredentialIDs { // of up to 1023 bytes each: they would make the state long
		session.AllowedCredentialIDs[i] = digest(string(id))
	}
	return p.newChallenge(protocol.AssertCeremony, purpose, subject, request.Response, session)
}

// FinishLogin verifies the answer of navigator.credentials.get. It passes the ID of the
// passkey to lookup, which returns the credential and the handle of its account.
// FinishLogin returns an error of lookup unchanged.
func (p *RelyingParty) FinishLogin(purpose, subject string, a Answer, lookup func(id []byte) (handle []byte, c Credential, err error)) (*Verified, error) {
	session, err := p.open(protocol.AssertCeremony, purpose, subject, a.State)
	if err != nil {
		return nil, err
	}
	answer, err := withoutExtensions(a.Credential)
	if err != nil {
		return nil, refused(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	if err := p.checkOrigin(parsed.Response.CollectedClientData); err != nil {
		return nil, err
	}
	handle, stored, err := lookup(parsed.RawID)
	if err != nil {
		return nil, err
	}
	used, err := p.verify(session, parsed, handle, stored)
	if err != nil {
		return nil, refused(err)
	}
	c := p.fromLibrary(used)
	return &Verified{
		Credential:      c,
		ChallengeDigest: digest(session.Challenge),
		CounterStuck:    used.Authenticator.CloneWarning,
		BackupChanged:   c.BackupEligible != stored.BackupEligible || c.BackedUp != stored.BackedUp,
	}, nil
}

func (p *RelyingParty) verify(session *webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData, handle []byte, stored Credential) (*webauthn.Credential, error) {
	allowed := session.AllowedCredentialIDs
	if len(allowed) > 0 && !slices.ContainsFunc(allowed, func(id []byte) bool { return slices.Equal(id, digest(string(parsed.RawID))) }) {
		return nil, errors.New("the options did not allow this passkey")
	}
	session.AllowedCredentialIDs = nil // checked above: the library requires that the user has all of them
	c := stored.toLibrary()
	// The library refuses a changed eligibility, but password managers do change it.
	c.Flags.BackupEligible = parsed.Response.AuthenticatorData.Flags.HasBackupEligible()
	owner := user{User: User{Handle: handle}, credentials: []webauthn.Credential{c}}
	if len(session.UserID) > 0 {
		return p.webAuthn.ValidateLogin(owner, *session, parsed)
	}
	return p.webAuthn.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return owner, nil }, *session, parsed)
}
