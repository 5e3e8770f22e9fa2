package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
)

// The fuzz targets replace the parts of a valid answer by hostile ones. Each answer must
// be refused without a panic, or be valid.

type parts = map[string][]byte

// split returns the binary parts of an answer, and a function that returns the answer
// with other parts.
func split(t testing.TB, answer passkeytest.Answer) (parts, func(parts) []byte) {
	t.Helper()
	var credential map[string]any
	require.NoError(t, json.Unmarshal(answer.Credential, &credential))
	response, binary := credential["response"].(map[string]any), parts{}
	for name, value := range response {
		if text, ok := value.(string); ok {
			decoded, err := base64.RawURLEncoding.DecodeString(text)
			require.NoError(t, err)
			binary[name] = decoded
		}
	}
	return binary, func(hostile parts) []byte {
		for name, value := range hostile {
			response[name] = base64.RawURLEncoding.EncodeToString(value)
		}
		return asJSON(t, credential)
	}
}

func requireSafe(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, passkey.ErrRefused) && !errors.Is(err, passkey.ErrExpired) && !errors.Is(err, passkey.ErrUnknown) {
		t.Fatal(err)
	}
}

// deep is CBOR of a thousand nested arrays. long is the head of an array with 2^32-1
// elements.
var deep, long = append(slices.Repeat([]byte{0x81}, 1_000), 0), []byte{0x9a, 0xff, 0xff, 0xff, 0xff}

// uvm is a result of the extension uvm (user verification method).
var uvm = []byte{0xa1, 0x63, 'u', 'v', 'm', 0x81, 0x83, 2, 4, 2}

// beforeKey is the length of what precedes the public key in authenticator data: a header,
// the AAGUID, the length of the ID, and the ID.
const beforeKey = 37 + 16 + 2 + 32

func FuzzRegistration_AttestationObject(f *testing.F) {
	s, a := newSite(f, origin), passkeytest.New(origin)
	for _, a.Algorithm = range []int{passkeytest.RS256, passkeytest.EdDSA, passkeytest.ES256} {
		for _, a.Attestation = range []string{"packed", "compound", ""} {
			valid, _ := split(f, a.Create(f, s.options(f, ada)))
			f.Add(valid["attestationObject"])
		}
	}
	f.Add(deep)
	f.Add(long)
	answer := a.Create(f, s.options(f, ada))
	f.Fuzz(func(t *testing.T, object []byte) {
		_, with := split(t, answer)
		_, err := s.FinishRegistration("register", "ada", passkey.Answer{State: answer.State, Credential: with(parts{"attestationObject": object})})
		requireSafe(t, err)
	})
}

// The authenticator data ends with the public key and the extensions.
func FuzzRegistration_PublicKey(f *testing.F) {
	s, a := newSite(f, origin), passkeytest.New(origin)
	for _, a.Algorithm = range []int{passkeytest.RS256, passkeytest.EdDSA, passkeytest.ES256} {
		valid, _ := split(f, a.Create(f, s.options(f, ada)))
		f.Add(valid["authenticatorData"][beforeKey:])
		f.Add(append(valid["authenticatorData"][beforeKey:], uvm...))
	}
	f.Add(deep)
	f.Add(long)
	answer := a.Create(f, s.options(f, ada))
	valid, _ := split(f, answer)
	f.Fuzz(func(t *testing.T, key []byte) {
		for _, flags := range []byte{0, 0x80} { // without and with extensions
			data := append(slices.Clone(valid["authenticatorData"][:beforeKey]), key...)
			data[32] |= flags
			_, with := split(t, answer)
			verified, err := s.FinishRegistration("register", "ada", passkey.Answer{State: answer.State, Credential: with(parts{"attestationObject": cbor(t, map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})})})
			requireSafe(t, err)
			if err == nil { // the stored key must not break the next login
				loginWith(t, s, a, verified.Credential.PublicKey)
			}
		}
	})
}

func loginWith(t *testing.T, s *site, a *passkeytest.Authenticator, key []byte) {
	t.Helper()
	answer := a.Get(t, s.loginOptions(t, nil))
	_, err := s.FinishLogin("login", "", passkey.Answer(answer), func(id []byte) ([]byte, passkey.Credential, error) {
		return ada.Handle, passkey.Credential{ID: id, PublicKey: key}, nil
	})
	requireSafe(t, err)
}

func FuzzLogin(f *testing.F) {
	s, a := newSite(f, origin), passkeytest.New(origin)
	s.register(f, a, ada)
	answer := a.Get(f, s.loginOptions(f, nil))
	valid, _ := split(f, answer)
	f.Add(valid["authenticatorData"], valid["signature"], valid["clientDataJSON"])
	extended := append(slices.Clone(valid["authenticatorData"]), uvm...)
	extended[32] |= 0x80
	f.Add(extended, valid["signature"][:8], []byte(`{"type":"webauthn.get","tokenBinding":{"status":"present"}}`))
	f.Fuzz(func(t *testing.T, data, signature, client []byte) {
		_, with := split(t, answer)
		_, err := s.FinishLogin("login", "", passkey.Answer{State: answer.State, Credential: with(parts{"authenticatorData": data, "signature": signature, "clientDataJSON": client})}, s.lookup)
		requireSafe(t, err)
	})
}

func FuzzFinish_Request(f *testing.F) {
	s, a := newSite(f, origin), passkeytest.New(origin)
	s.register(f, a, ada)
	registration, login := a.Create(f, s.options(f, ada)), a.Get(f, s.loginOptions(f, nil))
	f.Add(registration.State, []byte(registration.Credential))
	f.Add(login.State, []byte(login.Credential))
	f.Fuzz(func(t *testing.T, state string, credential []byte) {
		for _, state := range []string{state, registration.State} {
			_, err := s.FinishRegistration("register", "ada", passkey.Answer{State: state, Credential: credential})
			requireSafe(t, err)
		}
		for _, state := range []string{state, login.State} {
			_, err := s.FinishLogin("login", "", passkey.Answer{State: state, Credential: credential}, s.lookup)
			requireSafe(t, err)
		}
	})
}
