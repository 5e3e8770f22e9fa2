package locales

import (
	"encoding/base32"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/passkey/passkeytest"
	"corral/internal/totp"
	"corral/lab/site"
)

// security reads the security page of an account, without and with factors, and the
// messages after links end and after an undo.
func (s *story) security() {
	s.browser().SignUp("sam@example.com")
	b := s.browser()
	b.LogIn("sam@example.com")
	s.read(b.Get("/account/security"), 200) // a password only
	key := s.setTOTP(b)
	codes := codeShown.FindAllStringSubmatch(b.Get("/account/security/recovery-codes").Page, 2)
	for _, code := range codes {
		other := s.browser()
		other.LogIn("sam@example.com")
		other.Post("/login/second", "code", code[1], "skip", "true")
	}
	page := b.Get("/account/security")
	s.read(page, 200) // two browsers skip the second step
	b.Delete(pathBelow(page, "/account/security/browsers/"))
	s.read(b.Get("/account/security"), 200) // says that this browser no longer skips the second step

	b.Put("/account/email", "email", "sam@new.example")
	b.Post("/account/email/confirm/"+s.Token("email_confirm", "sam@new.example"), "confirmed", "")
	page = b.Get("/account/security")
	s.read(page, 200) // a former email
	links := pathBelow(page, "/account/security/links/")
	s.read(b.Delete(links, "code", "wrong"), 422)
	next := totp.Code(key, time.Now().Add(30*time.Second))
	s.read(b.Delete(links, "code", next), 422) // TOTP is too new
	s.Execute("UPDATE changes SET created_at = ?", time.Now().UTC().AddDate(0, 0, -8))
	s.Execute("UPDATE tokens SET number = 100") // as if the links were newer than TOTP
	b.Delete(links, "code", next)
	s.read(b.Get("/account/security"), 200) // says that the links no longer work

	const part = "INSERT INTO undo_parts (id, user_id, number, factor_id, due_at) SELECT ?, user_id, 1, id, ? FROM factors WHERE kind = 'totp'"
	s.Execute(part, uuid.Must(uuid.NewV7()).String(), time.Now().UTC().Add(time.Hour))
	s.read(b.Get("/account/security"), 200) // an undo waits
	s.read(b.Post("/account/security/undo", "choice", "stop"), 422)
	passkey := uuid.Must(uuid.NewV7()).String()
	s.Execute(`INSERT INTO factors (id, user_id, kind, name, data, last_step, created_at, removed_number)
		SELECT ?, user_id, 'passkey', '1', '', 0, created_at, 0 FROM factors WHERE kind = 'totp'`, passkey)
	s.Execute("UPDATE sessions SET factor_id = ?", passkey)
	s.read(b.Get("/account/security"), 200) // the session may decide about the undo
	b.Post("/account/security/undo", "choice", "stop")
	s.read(b.Get("/account/security"), 200)
	s.Execute(part, uuid.Must(uuid.NewV7()).String(), time.Now().UTC().Add(time.Hour))
	b.Post("/account/security/undo", "choice", "now")
	s.Execute("DELETE FROM factors WHERE kind = 'codes'")
	s.read(b.Get("/account/security"), 200) // one factor, and no codes
	s.Execute("UPDATE users SET second_step = FALSE WHERE email = 'sam@new.example'")
	s.read(b.Get("/account/security"), 200)
	for _, kind := range []string{"factors_reset", "unknown"} {
		s.Execute(`INSERT INTO activities (id, user_id, kind, ip, network, user_agent, created_at)
			SELECT ?, id, ?, '', '', '', ? FROM users WHERE email = 'sam@new.example'`, uuid.Must(uuid.NewV7()).String(), kind, time.Now().UTC())
	}
	s.read(b.Get("/account/activity"), 200)
	s.Execute("DELETE FROM factors")
}

// setTOTP sets TOTP up on the pages.
func (s *story) setTOTP(b *site.Browser) (key []byte) {
	page := b.Get("/account/security/totp")
	s.read(page, 200)
	key, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(keyShown.FindStringSubmatch(page.Page)[1], " ", ""))
	require.NoError(s.t, err)
	b.Post("/account/security/totp", "code", totp.Code(key, time.Now()))
	return key
}

// pathBelow returns the first path of a form on the page that begins with path.
func pathBelow(page site.Answer, path string) string {
	return regexp.MustCompile(`action="(` + path + `[^"]+)"`).FindStringSubmatch(page.Page)[1]
}

// passkeys adds, renames and removes passkeys, and undoes a removal. At the end, a
// passkey is the only way to log in.
func (s *story) passkeys() {
	s.browser().SignUp("pia@example.com")
	b := s.browser()
	b.LogIn("pia@example.com")
	s.read(b.Delete("/account/password"), 422) // the password is the only way to log in
	s.addPasskey(b)
	s.read(b.Get("/account/security"), 200) // says that the passkey was added
	path := "/account/security/passkeys/" + s.newestPasskey()
	s.read(b.Put(path, "name", ""), 422)
	b.Put(path, "name", "1")
	s.read(b.Get("/account/security"), 200) // says that the passkey was renamed
	b.Delete(path)
	s.read(b.Get("/account/security"), 200) // says that the passkey was removed
	b.Post(path+"/restore", "restored", "")
	s.read(b.Get("/account/security"), 200) // says that the passkey was restored
	b.Delete("/account/password")
	s.read(b.Get("/account/security/recovery-codes"), 200) // says that the password was removed
	s.read(b.Get("/account/security"), 200)
	s.read(b.Delete(path), 422) // the passkey is the last way to log in
	s.read(b.Get("/account/activity"), 200)
	s.Execute("UPDATE sessions SET confirmed_at = NULL")
	s.read(b.Get("/account/security"), 200) // links to /sudo
	s.read(b.Get("/sudo"), 200)
	s.Execute("UPDATE users SET second_step = FALSE WHERE email = 'pia@example.com'") // as after an undo
	s.read(b.Get("/account/security"), 200)
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
