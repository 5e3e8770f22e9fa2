package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
)

// AnotherKey is a value of Behaviour.Algorithm: ES256 with a key that is not the issuer's,
// but has the ID of the issuer's key.
const AnotherKey = "another key"

// keys returns the public keys. With HS256, the client secret is among them, so that an
// app that wrongly accepts HS256 finds the key.
func (i *Issuer) keys(b Behaviour) []map[string]string {
	point, err := i.key.PublicKey.Bytes() // the byte 4, then X and Y
	if err != nil {
		i.t.Error(err)
	}
	keys := []map[string]string{{"kty": "EC", "use": "sig", "kid": "ES256", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}}
	if b.Algorithm == "HS256" {
		keys = append(keys, map[string]string{"kty": "oct", "kid": "HS256", "k": encode([]byte(i.ClientSecret))})
	}
	return keys
}

// sign returns a JSON Web Token (RFC 7515, 7.1). The ID of a key is its algorithm.
func (i *Issuer) sign(claims map[string]any, algorithm string) string {
	key := i.key
	if algorithm == AnotherKey {
		algorithm = "ES256"
		key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	header, _ := json.Marshal(map[string]string{"alg": algorithm, "kid": algorithm, "typ": "JWT"})
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
	}
	signed := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	switch algorithm {
	case "ES256":
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			i.t.Error(err)
			return ""
		}
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case "HS256":
		mac := hmac.New(sha256.New, []byte(i.ClientSecret))
		mac.Write([]byte(signed))
		signature = mac.Sum(nil)
	}
	return signed + "." + encode(signature)
}
