package passkey_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/stretchr/testify/require"

	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/internal/secret"
)

const origin = "https://shop.example"

var (
	ada = passkey.User{Handle: []byte("ada's account ID"), Name: "ada@example.com", DisplayName: "Ada"}
	bob = passkey.User{Handle: []byte("bob's account ID"), Name: "bob@example.com", DisplayName: "Bob"}
)

// site is a relying party with a stopped clock, and the credentials that it has stored.
type site struct {
	*passkey.RelyingParty
	now    time.Time
	stored map[string]row
}

type row struct {
	handle     []byte
	credential passkey.Credential
}

func newSite(t testing.TB, publicURL string) *site {
	t.Helper()
	s := &site{now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), stored: map[string]row{}}
	u, err := url.Parse(publicURL)
	require.NoError(t, err)
	s.RelyingParty = passkey.New(passkey.Options{
		PublicURL: u, Name: "Shop", Secrets: secret.NewRing("test", []string{secret.New()}), Now: func() time.Time { return s.now },
	})
	return s
}

func (s *site) lookup(id []byte) ([]byte, passkey.Credential, error) {
	if found, ok := s.stored[string(id)]; ok {
		return found.handle, found.credential, nil
	}
	return nil, passkey.Credential{}, passkey.ErrUnknown
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	encoded, err := json.Marshal(v)
	require.NoError(t, err)
	return encoded
}

func (s *site) options(t testing.TB, u passkey.User) []byte {
	t.Helper()
	challenge, err := s.BeginRegistration("register", "ada", u, nil)
	require.NoError(t, err)
	return asJSON(t, challenge)
}

func (s *site) loginOptions(t testing.TB, handle []byte, allow ...passkey.Credential) []byte {
	t.Helper()
	challenge, err := s.BeginLogin("login", "", handle, allow)
	require.NoError(t, err)
	return asJSON(t, challenge)
}

func (s *site) register(t testing.TB, a *passkeytest.Authenticator, u passkey.User) passkey.Credential {
	t.Helper()
	verified, err := s.finishRegistration(a.Create(t, s.options(t, u)))
	require.NoError(t, err)
	s.stored[string(verified.Credential.ID)] = row{u.Handle, verified.Credential}
	return verified.Credential
}

func (s *site) finishRegistration(answer passkeytest.Answer) (*passkey.Verified, error) {
	return s.FinishRegistration("register", "ada", passkey.Answer(answer))
}

func (s *site) finishLogin(answer passkeytest.Answer) (*passkey.Verified, error) {
	return s.FinishLogin("login", "", passkey.Answer(answer), s.lookup)
}

func TestUnusable(t *testing.T) {
	for publicURL, want := range map[string]string{
		"https://shop.example": "", "https://shop.example:8443": "", "http://localhost:3000": "", "https://localhost": "",
		"https://192.0.2.7": "passkey.off_ip", "http://127.0.0.1:3000": "passkey.off_ip", "https://[2001:db8::7]": "passkey.off_ip",
		"https://intranet": "passkey.off_name", "http://intranet:3000": "passkey.off_name", "https://127.1": "passkey.off_name", "https://büro.example": "passkey.off_name", "https://shop.example.": "passkey.off_name",
		"http://shop.example": "passkey.off_http", "http://app.localhost": "passkey.off_http",
	} {
		u, err := url.Parse(publicURL)
		require.NoError(t, err)
		require.Equal(t, want, passkey.Unusable(u), publicURL)
		s := newSite(t, publicURL)
		_, begin := s.BeginLogin("login", "", nil, nil)
		_, register := s.BeginRegistration("register", "ada", ada, nil)
		_, finish := s.finishLogin(passkeytest.Answer{})
		_, finishRegistration := s.finishRegistration(passkeytest.Answer{})
		for _, err := range []error{begin, register, finish, finishRegistration} {
			require.Equal(t, want != "", errors.Is(err, passkey.ErrUnusable), publicURL)
		}
	}
}

func TestPasskey_EachAlgorithm(t *testing.T) {
	for _, algorithm := range []int{passkeytest.ES256, passkeytest.EdDSA, passkeytest.RS256} {
		s, a := newSite(t, origin), passkeytest.New(origin)
		a.Algorithm, a.BackupEligible = algorithm, true
		registered := s.register(t, a, ada)
		require.True(t, registered.BackupEligible)
		require.False(t, registered.BackedUp)
		require.Equal(t, []string{"hybrid", "internal"}, registered.Transports)
		verified, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.NoError(t, err, algorithm)
		require.Equal(t, uint32(1), verified.Credential.SignCount)
		require.False(t, verified.CounterStuck)
		require.False(t, verified.BackupChanged)
		verified.Credential.SignCount = 0
		require.Equal(t, registered, verified.Credential)
	}
}

func TestPasskey_OriginOfPublicURL(t *testing.T) {
	for publicURL, origin := range map[string]string{
		"https://Shop.example:443/": "https://shop.example", "https://shop.example:8443": "https://shop.example:8443",
		"http://localhost:3000": "http://localhost:3000", "http://localhost:80": "http://localhost",
	} {
		s := newSite(t, publicURL)
		s.register(t, passkeytest.New(origin), ada)
		page, err := url.Parse(origin)
		require.NoError(t, err)
		require.Equal(t, page.Hostname(), decode(t, s.loginOptions(t, nil))["rpId"])
	}
}

func decode(t testing.TB, options []byte) (publicKey map[string]any) {
	t.Helper()
	var decoded struct{ PublicKey map[string]any }
	require.NoError(t, json.Unmarshal(options, &decoded))
	require.Len(t, decoded.PublicKey["challenge"], 43)
	delete(decoded.PublicKey, "challenge")
	return decoded.PublicKey
}

func TestBeginRegistration_Options(t *testing.T) {
	s := newSite(t, origin)
	credential := s.register(t, passkeytest.New(origin), ada)
	challenge, err := s.BeginRegistration("register", "ada", ada, []passkey.Credential{credential})
	require.NoError(t, err)
	algorithm := func(id float64) any { return map[string]any{"type": "public-key", "alg": id} }
	require.Equal(t, map[string]any{
		"rp":                     map[string]any{"id": "shop.example", "name": "Shop"},
		"user":                   map[string]any{"id": base64.RawURLEncoding.EncodeToString(ada.Handle), "name": "ada@example.com", "displayName": "Ada"},
		"pubKeyCredParams":       []any{algorithm(-7), algorithm(-8), algorithm(-257)},
		"timeout":                300_000.,
		"attestation":            "none",
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
		"excludeCredentials":     []any{map[string]any{"type": "public-key", "id": base64.RawURLEncoding.EncodeToString(credential.ID), "transports": []any{"hybrid", "internal"}}},
	}, decode(t, asJSON(t, challenge)))
	_, err = s.BeginRegistration("register", "ada", passkey.User{}, nil)
	require.Error(t, err)
}

func TestBeginLogin_Options(t *testing.T) {
	s := newSite(t, origin)
	credential := s.register(t, passkeytest.New(origin), ada)
	want := map[string]any{"rpId": "shop.example", "timeout": 300_000., "userVerification": "required"}
	require.Equal(t, want, decode(t, s.loginOptions(t, nil)))
	want["allowCredentials"] = []any{map[string]any{"type": "public-key", "id": base64.RawURLEncoding.EncodeToString(credential.ID), "transports": []any{"hybrid", "internal"}}}
	require.Equal(t, want, decode(t, s.loginOptions(t, ada.Handle, credential)))
}

// refusals change an authenticator so that its answers must be refused.
var refusals = map[string]func(*passkeytest.Authenticator){
	"phished":                func(a *passkeytest.Authenticator) { a.Origin = "https://shop.example.evil.example" },
	"subdomain":              func(a *passkeytest.Authenticator) { a.Origin = "https://blog.shop.example" },
	"other port":             func(a *passkeytest.Authenticator) { a.Origin = "https://shop.example:8443" },
	"plain http":             func(a *passkeytest.Authenticator) { a.Origin = "http://shop.example" },
	"origin with a path":     func(a *passkeytest.Authenticator) { a.Origin = "https://shop.example/" },
	"origin with a user":     func(a *passkeytest.Authenticator) { a.Origin = "https://ada@shop.example" },
	"origin in capitals":     func(a *passkeytest.Authenticator) { a.Origin = "https://SHOP.example" },
	"no origin":              func(a *passkeytest.Authenticator) { a.Origin = "" },
	"in another site's page": func(a *passkeytest.Authenticator) { a.CrossOrigin = true },
	"in a named site's page": func(a *passkeytest.Authenticator) { a.CrossOrigin, a.TopOrigin = true, "https://evil.example" },
	"in a page of its own":   func(a *passkeytest.Authenticator) { a.CrossOrigin, a.TopOrigin = true, origin },
	"top origin alone":       func(a *passkeytest.Authenticator) { a.TopOrigin = "https://evil.example" },
	"own top origin alone":   func(a *passkeytest.Authenticator) { a.TopOrigin = origin },
	"other RP":               func(a *passkeytest.Authenticator) { a.RPID = "evil.example" },
	"user not present":       func(a *passkeytest.Authenticator) { a.NotPresent = true },
	"user not verified":      func(a *passkeytest.Authenticator) { a.NotVerified = true },
	"backed up, ineligible":  func(a *passkeytest.Authenticator) { a.BackedUp = true },
}

func TestFinish_Refused(t *testing.T) {
	for name, change := range refusals {
		s, a := newSite(t, origin), passkeytest.New(origin)
		change(a)
		_, err := s.finishRegistration(a.Create(t, s.options(t, ada)))
		require.ErrorIs(t, err, passkey.ErrRefused, name)

		a = passkeytest.New(origin)
		s.register(t, a, ada)
		change(a)
		_, err = s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.ErrorIs(t, err, passkey.ErrRefused, name)
	}
}

// An answer is valid for one challenge only.
func TestFinish_OtherChallenge(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	s.register(t, a, ada)
	login := a.Get(t, s.loginOptions(t, nil))
	login.State = stateOf(t, s.loginOptions(t, nil))
	_, err := s.finishLogin(login)
	require.ErrorIs(t, err, passkey.ErrRefused)
	registration := a.Create(t, s.options(t, ada))
	registration.State = stateOf(t, s.options(t, ada))
	_, err = s.finishRegistration(registration)
	require.ErrorIs(t, err, passkey.ErrRefused)
}

// A challenge is either for a registration or for a login, even if the purpose is the
// same.
func TestFinish_OtherCeremony(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	s.register(t, a, ada)
	registration, login := a.Create(t, s.options(t, ada)), a.Get(t, s.loginOptions(t, nil))
	_, err := s.FinishLogin("register", "ada", passkey.Answer(registration), s.lookup)
	require.ErrorIs(t, err, passkey.ErrRefused)
	_, err = s.FinishRegistration("login", "", passkey.Answer(login))
	require.ErrorIs(t, err, passkey.ErrRefused)
}

func stateOf(t testing.TB, options []byte) string {
	t.Helper()
	var challenge passkey.Challenge
	require.NoError(t, json.Unmarshal(options, &challenge))
	return challenge.State
}

func TestFinish_InvalidAnswers(t *testing.T) {
	s := newSite(t, origin)
	creation, request := stateOf(t, s.options(t, ada)), stateOf(t, s.loginOptions(t, nil))
	for _, junk := range []string{"", "null", "[]", "{", "{}", `"a"`, `{"id":1}`, `{"id":"AA","rawId":"AA","type":"public-key"}`, strings.Repeat("[", 100_000)} {
		_, err := s.FinishRegistration("register", "ada", passkey.Answer{State: creation, Credential: []byte(junk)})
		require.ErrorIs(t, err, passkey.ErrRefused, junk)
		_, err = s.FinishLogin("login", "", passkey.Answer{State: request, Credential: []byte(junk)}, s.lookup)
		require.ErrorIs(t, err, passkey.ErrRefused, junk)
	}
}

func TestFinish_ChecksTheState(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	answer := a.Create(t, s.options(t, ada))
	for _, other := range [][2]string{{"login", "ada"}, {"register", "bob"}, {"", ""}} {
		_, err := s.FinishRegistration(other[0], other[1], passkey.Answer(answer))
		require.ErrorIs(t, err, passkey.ErrRefused, other)
	}
	login := a.Get(t, s.loginOptions(t, nil))
	for _, other := range [][2]string{{"second", ""}, {"login", "ada"}} {
		_, err := s.FinishLogin(other[0], other[1], passkey.Answer(login), s.lookup)
		require.ErrorIs(t, err, passkey.ErrRefused, other)
	}
	for _, state := range []string{"", "?", answer.State[1:], answer.State[:20], stateOf(t, newSite(t, origin).options(t, ada))} {
		_, err := s.FinishRegistration("register", "ada", passkey.Answer{State: state, Credential: answer.Credential})
		require.ErrorIs(t, err, passkey.ErrRefused, state)
	}
	s.now = s.now.Add(passkey.Lifetime - time.Second)
	first, err := s.finishRegistration(answer)
	require.NoError(t, err)
	again, err := s.finishRegistration(answer)
	require.NoError(t, err, "only Redeem refuses a second use")
	require.Equal(t, first.ChallengeDigest, again.ChallengeDigest)
	require.Len(t, first.ChallengeDigest, 32)
	s.now = s.now.Add(time.Second)
	_, err = s.finishRegistration(answer)
	require.Equal(t, passkey.ErrExpired, err)
}

func TestFinish_EachChallengeHasItsDigest(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	s.register(t, a, ada)
	first, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
	require.NoError(t, err)
	second, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
	require.NoError(t, err)
	require.NotEqual(t, first.ChallengeDigest, second.ChallengeDigest)
}

func TestFinishLogin_ReturnsTheErrorOfLookup(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	id := s.register(t, a, ada).ID
	clear(s.stored)
	answer := a.Get(t, s.loginOptions(t, nil))
	_, err := s.finishLogin(answer)
	require.Equal(t, passkey.ErrUnknown, err)
	failed := errors.New("the database is gone")
	_, err = s.FinishLogin("login", "", passkey.Answer(answer), func(asked []byte) ([]byte, passkey.Credential, error) {
		require.Equal(t, id, asked)
		return nil, passkey.Credential{}, failed
	})
	require.Equal(t, failed, err)
}

func TestFinishLogin_WrongKey(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	mine, other := s.register(t, a, ada), s.register(t, passkeytest.New(origin), bob)
	for _, key := range [][]byte{other.PublicKey, nil, []byte("junk")} {
		s.stored[string(mine.ID)] = row{ada.Handle, passkey.Credential{ID: mine.ID, PublicKey: key}}
		_, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.ErrorIs(t, err, passkey.ErrRefused)
	}
}

func TestFinishLogin_UserHandle(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	credential := s.register(t, a, ada)
	for _, handle := range [][]byte{bob.Handle, {}} {
		a.UserHandle = handle
		_, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.ErrorIs(t, err, passkey.ErrRefused, "%q", handle)
	}
	_, err := s.finishLogin(a.Get(t, s.loginOptions(t, ada.Handle, credential)))
	require.NoError(t, err, "the handle is optional if the account is known")
	a.UserHandle = bob.Handle
	_, err = s.finishLogin(a.Get(t, s.loginOptions(t, ada.Handle, credential)))
	require.ErrorIs(t, err, passkey.ErrRefused)
}

func TestFinishLogin_OnlyPasskeysOfTheAccount(t *testing.T) {
	s, adas, bobs := newSite(t, origin), passkeytest.New(origin), passkeytest.New(origin)
	first := s.register(t, adas, ada)
	newest, bobsPasskey := s.register(t, adas, ada), s.register(t, bobs, bob)

	require.Equal(t, "shop.example", first.RPID)
	for _, allow := range [][]passkey.Credential{{newest}, {first, newest}, nil} {
		verified, err := s.finishLogin(adas.Get(t, s.loginOptions(t, ada.Handle, allow...)))
		require.NoError(t, err)
		require.Equal(t, "shop.example", verified.Credential.RPID)
	}
	_, err := s.finishLogin(bobs.Get(t, s.loginOptions(t, ada.Handle)))
	require.ErrorIs(t, err, passkey.ErrRefused, "another account's passkey")
	_, err = s.finishLogin(bobs.Get(t, s.loginOptions(t, ada.Handle, bobsPasskey)))
	require.ErrorIs(t, err, passkey.ErrRefused)

	// The browser answers with a passkey that the options do not allow.
	options := s.loginOptions(t, ada.Handle, first)
	tampered := strings.Replace(string(options), base64.RawURLEncoding.EncodeToString(first.ID), base64.RawURLEncoding.EncodeToString(newest.ID), 1)
	_, err = s.finishLogin(adas.Get(t, []byte(tampered)))
	require.ErrorIs(t, err, passkey.ErrRefused)
}

// The answer, which brings the state back, fits into the 64 KiB that an app may allow.
func TestBeginLogin_StateOfManyLongIDs(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	a.ID = bytes.Repeat([]byte("x"), 1023)
	allow := []passkey.Credential{s.register(t, a, ada)}
	for i := range 99 {
		allow = append(allow, passkey.Credential{ID: bytes.Repeat([]byte{byte(i)}, 1023)})
	}
	challenge, err := s.BeginLogin("login", "", ada.Handle, allow)
	require.NoError(t, err)
	require.Less(t, len(challenge.State), 16<<10)
	_, err = s.finishLogin(a.Get(t, asJSON(t, challenge)))
	require.NoError(t, err)
}

func TestFinishLogin_ReportsCounterAndFlags(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	a.SignCount = 7
	s.register(t, a, ada)
	for _, test := range []struct {
		count         uint32
		stuck         bool
		be, bs        bool // backup eligible, backed up
		wantStuck     bool
		wantChanged   bool
		wantSignCount uint32
	}{
		{count: 7, wantSignCount: 8},
		{count: 8, stuck: true, wantStuck: true, wantSignCount: 8},
		{count: 3, wantStuck: true, wantSignCount: 8},
		{count: 0, stuck: true, wantStuck: true, wantSignCount: 8},
		{count: 8, be: true, wantChanged: true, wantSignCount: 9},
		{count: 9, be: true, bs: true, wantChanged: true, wantSignCount: 10},
		{count: 10, be: true, bs: true, wantSignCount: 11},
		{count: 11, wantChanged: true, wantSignCount: 12},
	} {
		a.SignCount, a.CounterStuck, a.BackupEligible, a.BackedUp = test.count, test.stuck, test.be, test.bs
		verified, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.NoError(t, err, test)
		require.Equal(t, test.wantStuck, verified.CounterStuck, test)
		require.Equal(t, test.wantChanged, verified.BackupChanged, test)
		require.Equal(t, test.wantSignCount, verified.Credential.SignCount, test)
		require.Equal(t, test.be, verified.Credential.BackupEligible)
		require.Equal(t, test.bs, verified.Credential.BackedUp)
		s.stored[string(verified.Credential.ID)] = row{ada.Handle, verified.Credential}
	}
}

// Synced passkeys have no counter.
func TestFinishLogin_NoCounter(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	a.CounterStuck = true
	s.register(t, a, ada)
	verified, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
	require.NoError(t, err)
	require.False(t, verified.CounterStuck)
}

func TestFinish_IgnoresUnrequestedData(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	a.Extensions = map[string]any{"credProps": map[string]any{"rk": true}, "prf": "not as specified", "unknown": 1}
	for _, a.Attestation = range []string{"packed", "tpm", "unknown"} {
		s.register(t, a, ada)
	}
	_, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
	require.NoError(t, err)
}

func TestFinishRegistration_Transports(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	a.Transports = []string{"usb", "usb", strings.Repeat("x", 1<<20), "<script>", "cable", "nfc"}
	require.Equal(t, []string{"usb", "nfc", "hybrid"}, s.register(t, a, ada).Transports)
	a.Transports = nil
	require.Empty(t, s.register(t, a, ada).Transports)
}

func cbor(t testing.TB, v any) []byte {
	t.Helper()
	encoded, err := webauthncbor.Marshal(v)
	require.NoError(t, err)
	return encoded
}

// withKey puts another public key into the answer of a registration.
func withKey(t testing.TB, answer passkeytest.Answer, cose any) passkeytest.Answer {
	t.Helper()
	original, with := split(t, answer)
	data := append(original["authenticatorData"][:beforeKey], cbor(t, cose)...)
	answer.Credential = with(parts{"attestationObject": cbor(t, map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})})
	return answer
}

// The keys are COSE_Key maps: 1 is the type, 3 the algorithm, -1 to -3 the key itself.
func TestFinishRegistration_Keys(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	thirtyTwo, modulus := make([]byte, 32), slices.Repeat([]byte{0xff}, 512)
	for name, test := range map[string]struct {
		key  map[int]any
		want error
	}{
		"RSA-4096":         {map[int]any{1: 3, 3: -257, -1: modulus, -2: []byte{1, 0, 1}}, nil},
		"RSA-8192":         {map[int]any{1: 3, 3: -257, -1: slices.Repeat(modulus, 2), -2: []byte{1, 0, 1}}, passkey.ErrRefused},
		"not on the curve": {map[int]any{1: 2, 3: -7, -1: 1, -2: thirtyTwo, -3: thirtyTwo}, passkey.ErrRefused},
		"EC with RS256":    {map[int]any{1: 2, 3: -257, -1: 1, -2: thirtyTwo, -3: thirtyTwo}, passkey.ErrRefused},
		"RS1":              {map[int]any{1: 3, 3: -65535, -1: modulus, -2: []byte{1, 0, 1}}, passkey.ErrRefused},
		"PS256":            {map[int]any{1: 3, 3: -37, -1: modulus, -2: []byte{1, 0, 1}}, passkey.ErrRefused},
		"empty":            {map[int]any{}, passkey.ErrRefused},
	} {
		_, err := s.finishRegistration(withKey(t, a.Create(t, s.options(t, ada)), test.key))
		require.ErrorIs(t, err, test.want, name)
	}
}

func TestCredential_SuggestedName(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	require.Empty(t, s.register(t, a, ada).SuggestedName())
	a.AAGUID = [16]byte{0xd5, 0x48, 0x82, 0x6e, 0x79, 0xb4, 0xdb, 0x40, 0xa3, 0xd8, 0x11, 0x11, 0x6f, 0x7e, 0x83, 0x49}
	require.Equal(t, "Bitwarden", s.register(t, a, ada).SuggestedName())
	require.Empty(t, passkey.Credential{AAGUID: []byte("short")}.SuggestedName())
}

func TestCredential_EncodeAndDecode(t *testing.T) {
	s, a := newSite(t, origin), passkeytest.New(origin)
	credential := s.register(t, a, ada)
	require.Equal(t, credential, passkey.Decode(credential.Encode()))
	for _, damaged := range []string{"", "{", `{"ID":"AA==","SignCount":"x"}`} {
		require.Equal(t, passkey.Credential{}, passkey.Decode([]byte(damaged)))
		s.stored[string(credential.ID)] = row{ada.Handle, passkey.Decode([]byte(damaged))}
		_, err := s.finishLogin(a.Get(t, s.loginOptions(t, nil)))
		require.ErrorIs(t, err, passkey.ErrRefused)
	}
}

func TestNormalizeName(t *testing.T) {
	for typed, want := range map[string]string{
		" Phone ": "Phone", "": "", " ": "", "\x00\n": "", strings.Repeat("é", 64): strings.Repeat("é", 64), strings.Repeat("é", 65): "",
		"a\xffb": "ab", "👩‍💻": "👩‍💻",
	} {
		name, ok := passkey.NormalizeName(typed)
		require.Equal(t, want != "", ok, typed)
		if ok {
			require.Equal(t, want, name)
		}
	}
}

func TestProblem(t *testing.T) {
	for err, want := range map[error]int{passkey.ErrRefused: 422, passkey.ErrUnknown: 404, passkey.ErrExpired: 409, passkey.ErrUnusable: 0, nil: 0} {
		status, key := passkey.Problem(err)
		require.Equal(t, want, status)
		require.Equal(t, want != 0, key != "")
		require.Equal(t, want != 0, passkey.IsProblem(err))
	}
}
