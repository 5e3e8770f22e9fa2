package browser

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The prompt of Chromium's password manager is not part of the page, so the test reads
// the decisions that the manager logs. The manager fills a form by itself only if the
// form offers no passkeys. Under an IP, as here, forms offer no passkeys.
func TestPasswordManager_SavesAndFills(t *testing.T) {
	t.Parallel()
	s, profile := openSiteAt(t, "127.0.0.1"), t.TempDir()
	m := openManager(t, s, profile)
	m.visit("/signup")
	m.write("[name=email]", "zoe@example.com")
	m.press(`[action="/signup"] [type=submit]`)
	m.visit(s.mails.Link(t, "zoe@example.com", "/signup/"))
	m.write("[name=password]", firstPassword)
	m.press(`[action="/signup/password"] [type=submit]`)
	require.Equal(t, "ASK the user", m.decision(), "the manager offers to save the chosen password")
	m.visit("/logout")
	m.press(`main [action="/logout"] [type=submit]`)
	m.visit("/login")
	m.write("[name=email]", "zoe@example.com")
	m.write("[name=password]", "not the password")
	m.press(`[action="/login"] [type=submit]`)
	require.Equal(t, "DROP the password", m.decision(), "the manager does not offer to save a wrong password")
	m.quit()

	store(t, profile, s.url, "zoe@example.com", firstPassword)
	m = openManager(t, s, profile)
	m.visit("/login")
	m.await(`document.querySelectorAll("main [name=email]:autofill, main [name=password]:autofill").length === 2`)
	m.press(`[action="/login"] [type=submit]`)
	require.Equal(t, "/", m.path(), "nothing was typed")
	require.Contains(t, m.decision(), "without prompting", "the manager filled in the saved password")
	s.tenMinutesLater(t)
	m.visit("/sudo")
	m.await(`document.querySelector("main [name=password]:autofill") !== null`)
	m.press(`[action="/sudo"] [type=submit]`)
	require.Equal(t, "/account", m.path(), "nothing was typed")
	require.Contains(t, m.decision(), "without prompting", "the manager filled in the saved password")
	m.visit("/account/security")
	form := `[action="/account/password"] `
	m.write(form+"[name=password]", secondPassword)
	m.press(form + "[type=submit]")
	require.Len(t, m.flashes(), 1)
	require.Equal(t, "ASK the user", m.decision(), "the manager offers to save the new password")
}

// manager is a Chromium with a lasting profile. The temporary profiles of other tests
// save no passwords.
type manager struct {
	*browser
	internals *browser // shows chrome://password-manager-internals
	read      int      // characters of that page that decision has read
	quit      func()
}

func openManager(t *testing.T, s *site, profile string) *manager {
	t.Helper()
	requireChromium(t, person{})
	require.NoError(t, os.MkdirAll(filepath.Join(profile, "Default"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(
		`{"credentials_enable_service": true, "profile": {"password_manager_enabled": true, "password_manager_leak_detection": false}}`), 0o600))
	ctx, kill := chromedp.NewExecAllocator(context.Background(), append(chromiumFlags("chromium"),
		chromedp.UserDataDir(profile), chromedp.Flag("enable-automation", false))...)
	t.Cleanup(kill)
	ctx, _ = chromedp.NewContext(ctx)
	require.NoError(t, chromedp.Run(ctx))
	m := &manager{internals: openBrowserIn(t, s, person{noisy: true}, ctx), browser: openBrowserIn(t, s, person{}, ctx)}
	m.internals.visitElsewhere("chrome://password-manager-internals")
	m.quit = func() { // Chromium saves passwords when it ends
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		require.NoError(t, chromedp.Cancel(ctx))
	}
	return m
}

// write types a text with mouse and keyboard: Chromium does not save passwords that
// scripts have filled in.
func (m *manager) write(selector, text string) {
	m.t.Helper()
	m.click(selector)
	m.keys(text)
}

// decision returns the last decision on a submitted password.
func (m *manager) decision() string {
	m.t.Helper()
	unread := fmt.Sprintf("document.body.innerText.slice(%d)", m.read)
	m.internals.await(unread + `.includes("Decision: ")`)
	text := evaluate[string](m.internals, unread)
	m.read += len([]rune(text))
	_, decision, _ := strings.Cut(text, "Decision: ")
	decision, _, _ = strings.Cut(decision, "\n")
	return strings.TrimSpace(decision)
}

// store saves a password in a profile. Tests cannot press the button of the prompt.
func store(t *testing.T, profile, siteURL, email, password string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(profile, "Default", "Login Data"))
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT name, type FROM pragma_table_info('logins') WHERE name <> 'id'")
	require.NoError(t, err)
	var names, placeholders []string
	var values []any
	for rows.Next() {
		var name, kind string
		require.NoError(t, rows.Scan(&name, &kind))
		value, known := map[string]any{
			"origin_url": siteURL + "/login", "signon_realm": siteURL + "/",
			"username_value": email, "password_value": sealed(t, password),
		}[name]
		if !known {
			value = map[string]any{"INTEGER": 0, "BLOB": []byte{}}[kind]
		}
		if value == nil {
			value = ""
		}
		names, placeholders, values = append(names, name), append(placeholders, "?"), append(values, value)
	}
	require.NoError(t, rows.Err())
	_, err = db.Exec("INSERT INTO logins ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(placeholders, ", ")+")", values...)
	require.NoError(t, err)
}

// sealed encrypts a password as Chromium does on a system without a key ring.
func sealed(t *testing.T, password string) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha1.New, "peanuts", []byte("saltysalt"), 1, 16)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	padding := aes.BlockSize - len(password)%aes.BlockSize
	plain := append([]byte(password), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, bytes.Repeat([]byte(" "), aes.BlockSize)).CryptBlocks(plain, plain)
	return append([]byte("v10"), plain...)
}
