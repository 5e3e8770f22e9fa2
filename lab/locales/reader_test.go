package locales

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReader_FindsUntranslatedTexts(t *testing.T) {
	readers := Readers(t)
	german := readers[slices.IndexFunc(readers, func(r *Reader) bool { return r.Language == "de" })]
	for _, page := range []string{
		`<h1>Anmelden</h1>`,
		`<title>Fehler · Anmelden · Corral</title>`,
		`<p>Sie sind als ada@example.com angemeldet.</p>`,
		`<p>Firefox auf Linux · 192.0.2.7 · 2001:db8::1</p>`,
		`<time datetime="2026-11-24T15:04:00Z">24.11.2026, 15:04 UTC</time>`,
		`<option lang="ja">日本語</option>`,
		`<script data-show="Passwort anzeigen">const show = "no text"</script>`,
	} {
		require.Empty(t, german.UntranslatedOf(t, page), page)
	}
	for page, untranslated := range map[string]string{
		`<h1>Log in</h1>`:                        "Log in",
		`<title>Anmelden · Home</title>`:         "Home",
		`<p>Firefox on Linux</p>`:                "Firefox on Linux",
		`<time>Nov 24, 2026, 3:04 PM UTC</time>`: "Nov 24, 2026, 3:04 PM UTC",
		`<option>日本語</option>`:                   "日本語",
		`<input placeholder="Your name">`:        "Your name",
		`<img alt="A horse">`:                    "A horse",
		`<nav aria-label="Pages"></nav>`:         "Pages",
		`<div data-show="Show"></div>`:           "Show",
		`<p>login.heading</p>`:                   "login.heading",
	} {
		require.Equal(t, []string{untranslated}, german.UntranslatedOf(t, page), page)
	}
	require.NotContains(t, german.Unseen(), "login.heading")
	require.Contains(t, german.Unseen(), "login.invalid")
}

func TestReader_FindsLooseEmails(t *testing.T) {
	readers := Readers(t)
	arabic := readers[slices.IndexFunc(readers, func(r *Reader) bool { return r.Language == "ar" })]
	for _, page := range []string{
		`<p><bdi>ada@example.com</bdi></p>`,
		`<p dir="ltr">ada@example.com</p>`,
		"<p>بريد \u2068ada@example.com\u2069.</p>",
		`<input value="ada@example.com">`,
		`<button>رمز<span class="visually-hidden"> (ada@example.com)</span></button>`,
	} {
		require.Empty(t, arabic.LooseEmails(t, page), page)
	}
	for _, text := range []string{"ada@example.com", "بريد ada@example.com.", "\u2068ada@example.com", "ada@example.com\u2069"} {
		require.Equal(t, []string{text}, arabic.LooseEmails(t, `<html dir="rtl"><table dir="rtl"><td>`+text+`</table></html>`), text)
	}
}
