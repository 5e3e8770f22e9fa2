package locales

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/passkey/passkeytest"
	"corral/lab/site"
)

// security is the page of an account without and with each kind of factor.
func (s *story) security() {
	s.browser().SignUp("sam@example.com")
	b := s.browser()
	b.LogIn("sam@example.com")
	s.read(b.Get("/account/security"), 200)
	now := time.Now().UTC()
	for _, kind := range []string{"passkey", "totp", "codes"} {
		id := uuid.Must(uuid.NewV7()).String()
		s.Execute(`INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, last_used_at, removed_number)
			SELECT ?, id, ?, '1', '', 0, ?, ?, 0 FROM users WHERE email = 'sam@example.com'`, id, kind, now, now)
	}
	s.Execute("UPDATE factors SET last_used_at = NULL WHERE kind = 'totp'")
	s.Execute("UPDATE users SET second_step = TRUE WHERE email = 'sam@example.com'")
	s.read(b.Get("/account/security"), 200)
	s.read(b.Get("/account/activity"), 200)
	s.Execute("UPDATE users SET password_digest = '' WHERE email = 'sam@example.com'")
	s.read(b.Get("/account/security"), 200)
}

// passkeys are added, renamed, removed and taken back, and end as the only way in.
func (s *story) passkeys() {
	s.browser().SignUp("pia@example.com")
	b := s.browser()
	b.LogIn("pia@example.com")
	s.read(b.Delete("/account/password"), 422) // needs one
	s.addPasskey(b)
	s.read(b.Get("/account/security"), 200) // added
	path := "/account/security/passkeys/" + s.newestPasskey()
	s.read(b.Put(path, "name", ""), 422)
	b.Put(path, "name", "1")
	s.read(b.Get("/account/security"), 200) // renamed
	b.Delete(path)
	s.read(b.Get("/account/security"), 200) // removed
	b.Post(path+"/restore", "restored", "")
	s.read(b.Get("/account/security"), 200) // taken back
	b.Delete("/account/password")
	s.read(b.Get("/account/security/recovery-codes"), 200) // without a password
	s.read(b.Get("/account/security"), 200)
	s.read(b.Delete(path), 422) // the last way in
	s.read(b.Get("/account/activity"), 200)
	s.Execute("UPDATE sessions SET confirmed_at = NULL")
	s.read(b.Get("/account/security"), 200) // links to /sudo
	s.read(b.Get("/sudo"), 200)
}

func (s *story) addPasskey(b *site.Browser) {
	const path = "/account/security/passkeys"
	options := b.Send("POST", path+"/options", "{}", "Content-Type", "application/json")
	require.Equal(s.t, 200, options.StatusCode, options.Page)
	u, err := url.Parse(s.URL)
	require.NoError(s.t, err)
	answer, err := json.Marshal(passkeytest.New("http://localhost:"+u.Port()).Create(s.t, []byte(options.Page)))
	require.NoError(s.t, err)
	added := b.Send("POST", path, string(answer), "Content-Type", "application/json")
	require.Equal(s.t, 201, added.StatusCode, added.Page)
}

func (s *story) newestPasskey() (id string) {
	require.NoError(s.t, s.DB.QueryRow("SELECT id FROM factors WHERE kind = 'passkey' ORDER BY id DESC").Scan(&id))
	return id
}
