// Package passkeytest simulates an authenticator and its browser, for tests.
//
//	authenticator := passkeytest.New("https://shop.example")
//	answer := authenticator.Create(t, options) // options is the JSON of a passkey.Challenge
//	answer = authenticator.Get(t, options)
//
// Send the [Answer] as JSON: {"state": …, "credential": …}.
package passkeytest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/stretchr/testify/require"
)

// COSE algorithms.
const (
	ES256 = -7
	EdDSA = -8
	RS256 = -257
)

// Authenticator holds passkeys. Tests may change its fields between two answers.
type Authenticator struct {
	Origin     string // the page's origin, as the browser reports it
	RPID       string // the RP ID of the options, if ""
	Algorithm  int    // the algorithm of new passkeys
	AAGUID     [16]byte
	Transports []string
	ID         []byte // the ID of new passkeys; random, if nil
	UserHandle []byte // the handle in answers: the passkey's, if nil; none, if empty

	SignCount    uint32 // grows by one with each answer
	CounterStuck bool   // stops SignCount

	NotPresent, NotVerified  bool // the user is not present, or not verified
	BackupEligible, BackedUp bool
	CrossOrigin              bool // the page is in a frame of another site

	TopOrigin string // the origin of that site, as the browser reports it; not reported, if ""

	Extensions  map[string]any // results of extensions that were not requested
	Attestation string         // format of an invalid attestation that was not requested

	passkeys []passkey
}

type passkey struct {
	id, handle []byte
	rpID       string
	key        crypto.Signer
}

// New returns an authenticator in a browser that shows a page of origin. It makes
// ES256 keys and verifies the user.
func New(origin string) *Authenticator {
	return &Authenticator{Origin: origin, Algorithm: ES256, Transports: []string{"internal", "hybrid"}}
}

// An Answer is the browser's answer to a challenge.
type Answer struct {
	State      string          `json:"state"`
	Credential json.RawMessage `json:"credential"`
}

type base64URL []byte

func (b base64URL) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

type descriptor struct{ ID base64URL }

type options struct {
	State     string
	PublicKey struct {
		Challenge                            base64URL
		RPID                                 string
		RP                                   struct{ ID string }
		User                                 struct{ ID base64URL }
		PubKeyCredParams                     []struct{ Alg int }
		ExcludeCredentials, AllowCredentials []descriptor
	}
}

// Create is navigator.credentials.create: it makes a passkey. It fails the test if the
// options exclude a passkey of the authenticator, or do not allow its algorithm.
func (a *Authenticator) Create(t testing.TB, optionsJSON []byte) Answer {
	t.Helper()
	var o options
	require.NoError(t, json.Unmarshal(optionsJSON, &o))
	for _, excluded := range o.PublicKey.ExcludeCredentials {
		require.False(t, slices.ContainsFunc(a.passkeys, excluded.is), "InvalidStateError: a passkey is excluded")
	}
	require.True(t, slices.ContainsFunc(o.PublicKey.PubKeyCredParams, func(p struct{ Alg int }) bool { return p.Alg == a.Algorithm }),
		"NotSupportedError: algorithm %d", a.Algorithm)
	key, cose := newKey(t, a.Algorithm)
	made := passkey{id: a.ID, handle: o.PublicKey.User.ID, rpID: o.PublicKey.RP.ID, key: key}
	if made.id == nil {
		made.id = make([]byte, 32)
		rand.Read(made.id)
	}
	a.passkeys = append(a.passkeys, made)

	attested := slices.Concat(a.AAGUID[:], binary.BigEndian.AppendUint16(nil, uint16(len(made.id))), made.id, encode(t, cose))
	data := append(a.data(made.rpID, 0x40), attested...)
	object := map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data}
	if a.Attestation != "" {
		object["fmt"], object["attStmt"] = a.Attestation, map[string]any{"alg": a.Algorithm, "sig": []byte("worthless")}
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return a.answer(t, o.State, made, map[string]any{
		"clientDataJSON":     a.clientData(t, "webauthn.create", o),
		"attestationObject":  base64URL(encode(t, object)),
		"authenticatorData":  base64URL(data),
		"publicKey":          base64URL(spki),
		"publicKeyAlgorithm": a.Algorithm,
		"transports":         a.Transports,
	})
}

// Get is navigator.credentials.get: it answers with the newest passkey that
// the options allow. It fails the test if the authenticator has none.
func (a *Authenticator) Get(t testing.TB, optionsJSON []byte) Answer {
	t.Helper()
	var o options
	require.NoError(t, json.Unmarshal(optionsJSON, &o))
	allowed := o.PublicKey.AllowCredentials
	for _, used := range slices.Backward(a.passkeys) {
		if used.rpID != o.PublicKey.RPID || len(allowed) > 0 && !slices.ContainsFunc(allowed, func(d descriptor) bool { return d.is(used) }) {
			continue
		}
		if !a.CounterStuck {
			a.SignCount++
		}
		handle := used.handle
		if a.UserHandle != nil {
			handle = a.UserHandle
		}
		client, data := a.clientData(t, "webauthn.get", o), a.data(used.rpID, 0)
		digest := sha256.Sum256(client)
		response := map[string]any{
			"clientDataJSON":    client,
			"authenticatorData": base64URL(data),
			"signature":         base64URL(sign(t, used.key, append(data, digest[:]...))),
		}
		if len(handle) > 0 {
			response["userHandle"] = base64URL(handle)
		}
		return a.answer(t, o.State, used, response)
	}
	t.Fatal("NotAllowedError: the authenticator holds no passkey that the options allow")
	return Answer{}
}

func (d descriptor) is(p passkey) bool { return bytes.Equal(d.ID, p.id) }

func (a *Authenticator) clientData(t testing.TB, ceremony string, o options) base64URL {
	t.Helper()
	client := map[string]any{"type": ceremony, "challenge": o.PublicKey.Challenge, "origin": a.Origin, "crossOrigin": a.CrossOrigin}
	if a.TopOrigin != "" {
		client["topOrigin"] = a.TopOrigin
	}
	data, err := json.Marshal(client)
	require.NoError(t, err)
	return data
}

// data returns the authenticator data: the digest of the RP ID, flags and counter.
func (a *Authenticator) data(rpID string, flags byte) []byte {
	if a.RPID != "" {
		rpID = a.RPID
	}
	for flag, set := range map[byte]bool{0x01: !a.NotPresent, 0x04: !a.NotVerified, 0x08: a.BackupEligible, 0x10: a.BackedUp} {
		if set {
			flags |= flag
		}
	}
	digest := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(digest[:], flags), a.SignCount)
}

func (a *Authenticator) answer(t testing.TB, state string, p passkey, response map[string]any) Answer {
	t.Helper()
	extensions := a.Extensions
	if extensions == nil {
		extensions = map[string]any{}
	}
	credential, err := json.Marshal(map[string]any{"id": base64URL(p.id), "rawId": base64URL(p.id), "type": "public-key",
		"authenticatorAttachment": "platform", "clientExtensionResults": extensions, "response": response})
	require.NoError(t, err)
	return Answer{state, credential}
}

func newKey(t testing.TB, algorithm int) (crypto.Signer, map[int]any) {
	t.Helper()
	switch algorithm {
	case EdDSA:
		public, key, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		return key, map[int]any{1: 1, 3: EdDSA, -1: 6, -2: []byte(public)}
	case RS256:
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		return key, map[int]any{1: 3, 3: RS256, -1: key.N.Bytes(), -2: big.NewInt(int64(key.E)).Bytes()}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := key.PublicKey.Bytes() // the byte 4, then x and y
	require.NoError(t, err)
	return key, map[int]any{1: 2, 3: ES256, -1: 1, -2: point[1:33], -3: point[33:]}
}

func sign(t testing.TB, key crypto.Signer, message []byte) []byte {
	t.Helper()
	signature, err := crypto.SignMessage(key, rand.Reader, message, hashOf(key))
	require.NoError(t, err)
	return signature
}

func hashOf(key crypto.Signer) crypto.Hash {
	if _, ok := key.(ed25519.PrivateKey); ok {
		return 0 // Ed25519 signs the message, not a hash of it
	}
	return crypto.SHA256
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	encoded, err := webauthncbor.Marshal(v)
	require.NoError(t, err)
	return encoded
}
