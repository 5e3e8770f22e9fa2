package actions

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/config"
)

func TestDevMail_ShowsTheMail(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Env = config.Development })
	b := s.browser()
	b.signUp("dora@example.com")
	link := regexp.MustCompile(`/dev/mail/[0-9a-f-]{36}`).FindString(b.Get("/dev/mail").Page)
	require.Contains(t, b.Get(link).Page, "dora@example.com")
}
