package actions

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// A mail may be about no change. Its link then undoes the changes after the mail.
func TestNotMe_SaysWhatTheMailWasAbout(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	s.loggedIn("ada@example.com", firefox) // the first browser causes no mail
	b := s.loggedIn("ada@example.com", firefox)
	b.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	requested, newBrowser := modelstest.Link(t, "ada@example.com", models.MailEmailRequested), modelstest.Link(t, "ada@example.com", models.MailNewBrowser)
	requireAbout := func(link, what string, undone ...string) {
		t.Helper()
		page := s.browser().Get("/not-me/" + link).Page
		require.Contains(t, page, "<p>Our email was about this:</p>\n  <p><strong>"+what+"</strong></p>")
		var listed []string
		for _, item := range regexp.MustCompile(`<li>(.+)</li>`).FindAllStringSubmatch(page, -1) {
			listed = append(listed, item[1])
		}
		require.Equal(t, undone, listed)
	}
	requireAbout(newBrowser, "New login to your account")
	requireAbout(requested, "Your email is about to change")
	b.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	requireAbout(newBrowser, "New login to your account", "Email changed")
	requireAbout(requested, "Your email is about to change", "Email changed")
	requireAbout(modelstest.Link(t, "ada@example.com", models.MailEmailChanged), "Your email was changed", "Email changed")
}

func TestNotMe_WarnsAUserOfAnotherAccount(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	ada, bob := s.loggedIn("ada@example.com", firefox), logInAs(s, "bob@example.com")
	ada.Put("/account/email", url.Values{"email": {"ada@new.example"}})
	ada.Post("/account/email/confirm/"+modelstest.Link(t, "ada@new.example", models.MailEmailConfirm), nil)
	link := "/not-me/" + modelstest.Link(t, "ada@example.com", models.MailEmailChanged)
	for b, warned := range map[*browser]bool{bob: true, ada: false, s.browser(): false} {
		_, content, _ := strings.Cut(b.Get(link).Page, "<section")
		require.Equal(t, warned, strings.Contains(content, "You are logged in as bob@example.com."))
		require.Equal(t, warned, strings.Contains(content, `<form action="/logout" method="post">`))
		require.NotContains(t, content, "ada@new.example", "the mailbox may be of another user by now")
	}
}
