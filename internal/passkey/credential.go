package passkey

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/gofrs/uuid"
)

// A Credential is the data of a passkey that the app stores.
type Credential struct {
	ID             []byte // 1 to 1023 bytes, chosen by the authenticator
	PublicKey      []byte // COSE, at most 1024 bytes
	SignCount      uint32 // the highest counter that the authenticator has sent
	AAGUID         []byte // 16 bytes: the model of the authenticator, as it claims
	BackupEligible bool   // may be synced between devices
	BackedUp       bool
	Transports     []string // hints for browsers, like "internal"
	RPID           string   // the only host under which the passkey works
}

// Encode returns c as bytes for the app to store.
func (c Credential) Encode() []byte {
	encoded, _ := json.Marshal(c) // cannot fail
	return encoded
}

// Decode returns the credential that Encode encoded. If the bytes are damaged, it
// returns a credential that verifies no answer.
func Decode(stored []byte) (c Credential) {
	if json.Unmarshal(stored, &c) != nil {
		return Credential{}
	}
	return c
}

// NormalizeName returns the name of a passkey as it is stored: without control
// characters and surrounding spaces. ok reports whether it has 1 to 64 characters.
func NormalizeName(typed string) (name string, ok bool) {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(typed, "")))
	n := utf8.RuneCountInString(name)
	return name, 1 <= n && n <= 64
}

// transports are the valid transports. Clients can send any string.
var transports = []protocol.AuthenticatorTransport{protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal}

func (p *RelyingParty) fromLibrary(c *webauthn.Credential) Credential {
	known := []string{}
	for _, transport := range transports {
		if slices.Contains(c.Transport, transport) {
			known = append(known, string(transport))
		}
	}
	return Credential{c.ID, c.PublicKey, c.Authenticator.SignCount, c.Authenticator.AAGUID, c.Flags.BackupEligible, c.Flags.BackupState, known, p.webAuthn.Config.RPID}
}

func (c Credential) toLibrary() webauthn.Credential {
	known := make([]protocol.AuthenticatorTransport, len(c.Transports))
	for i, transport := range c.Transports {
		known[i] = protocol.AuthenticatorTransport(transport)
	}
	return webauthn.Credential{ID: c.ID, PublicKey: c.PublicKey, Transport: known,
		Flags:         webauthn.CredentialFlags{BackupEligible: c.BackupEligible, BackupState: c.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: c.AAGUID, SignCount: c.SignCount}}
}

func descriptors(credentials []Credential) (list []protocol.CredentialDescriptor) {
	for _, c := range credentials {
		library := c.toLibrary()
		list = append(list, library.Descriptor())
	}
	return list
}

// SuggestedName returns the name of the product that holds the passkey, if it is
// well-known, or "". It reads the AAGUID, which the authenticator may forge.
func (c Credential) SuggestedName() string {
	return products[uuid.FromBytesOrNil(c.AAGUID).String()]
}

// products maps AAGUIDs to names. The source is
// github.com/passkeydeveloper/passkey-authenticator-aaguids and the FIDO Metadata
// Service.
var products = map[string]string{
	"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
	"adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
	"771b48fd-d3d4-4f74-9232-fc157ab0507a": "Edge on Mac",
	"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
	"dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain", // of a managed account
	"08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
	"9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
	"6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
	"d3452668-01fd-4c12-926c-83a4204853aa": "Microsoft Password Manager",
	"53414d53-554e-4700-0000-000000000000": "Samsung Pass",
	"bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
	"d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
	"531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
	"f3809540-7f14-49c1-a8b3-8f813b225541": "Enpass",
	"0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
	"fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
	"b78a0a55-6ef8-d246-a042-ba0f6d55050c": "LastPass",
	"b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
	"50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
	"cb69481e-8ff7-4039-93ec-0a2729a154a8": "YubiKey 5",
	"ee882879-721c-4913-9775-3dfcce97072a": "YubiKey 5",
	"19083c3d-8383-4b18-bc03-8f1c9ab2fd1b": "YubiKey 5",
	"fa2b99dc-9e39-4257-8f92-4a30d23c4118": "YubiKey 5", // with NFC
	"2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5",
	"a25342c0-3cdc-4414-8e46-f4807fca511c": "YubiKey 5",
	"c5ef55ff-ad9a-4b9f-b580-adebafe026d0": "YubiKey 5Ci",
	"a02167b9-ae71-4ac7-9a07-06432ebb6f1c": "YubiKey 5Ci",
}
