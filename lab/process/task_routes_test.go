package process

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/binary"
)

func TestTask_Routes_PrintsGuards(t *testing.T) {
	p := command(t, t.TempDir(), nil, "task", "routes")
	require.NoError(t, p.Run(), p.Err.String())
	require.Regexp(t, `GET +/ +user +corral/actions.HomeShow`, p.Out.String())
	require.Regexp(t, `DELETE +/logout +public`, p.Out.String())
	require.Regexp(t, `GET +/dev/mail +local`, p.Out.String())
	require.NotContains(t, p.Out.String(), "not in the table")
}

func TestGuards_EveryRouteDeclaresOne(t *testing.T) {
	p := command(t, t.TempDir(), binary.Production(), "task", "routes")
	require.NoError(t, p.Run(), p.Err.String())
	_, routes, _ := strings.Cut(p.Out.String(), "\n") // without the header
	require.Greater(t, strings.Count(routes, "\n"), 30)
	for line := range strings.Lines(routes) {
		require.Regexp(t, `^(GET|OPTIONS|POST|PUT|PATCH|DELETE) +/\S* +(public|guest|user|sudo) +corral/actions\.[A-Z]\w+\n$`, line)
	}
}

// unconfirmedRoutes lists the routes that need no confirmation, by the reason.
var unconfirmedRoutes = map[string][]string{
	"shows a page": {
		"GET /", "GET /welcome", "GET /check-mail", "GET /login", "GET /login/second", "GET /logout", "GET /signup", "GET /sudo",
		"GET /password/forgot", "GET /account", "GET /account/activity", "GET /account/security", "GET /account/sessions",
	},
	"shows the form of a mailed link": {
		"GET /account/email/confirm/{token}", "GET /account/security/enrol/{token}", "GET /auth/link/{token}", "GET /not-me/{token}", "GET /password/reset",
		"GET /password/reset/{token}", "GET /signup/{token}", "GET /signup/identity", "GET /signup/password",
	},
	"redeems a mailed link": {
		"POST /account/email/confirm/{token}", "POST /account/security/enrol/{token}", "POST /not-me/{token}", "POST /signup/identity",
		"POST /signup/password", "PUT /password/reset",
	},
	"mails a link": {"POST /signup", "POST /password/forgot"},
	"is a login, which may count as a confirmation": {
		"POST /login", "POST /login/passkey", "POST /login/passkey/options", "POST /login/second", "POST /login/second/passkey",
		"POST /login/second/passkey/options", "GET /auth/{provider}",
	},
	"is a confirmation":               {"POST /sudo", "POST /sudo/passkey", "POST /sudo/passkey/options", "GET /sudo/{provider}"},
	"asks for a confirmation to link": {"GET /auth/{provider}/callback"},
	"needs a login by factor":         {"POST /account/security/undo"},
	"ends sessions":                   {"DELETE /logout", "DELETE /account/sessions", "DELETE /account/sessions/{id}"},
	"ends skips":                      {"DELETE /account/security/browsers", "DELETE /account/security/browsers/{id}"},
	"stores a preference":             {"PUT /language", "PUT /account/language"},
	"is for programs or is local": {
		"GET /.well-known/change-password", "GET /.well-known/passkey-endpoints", "GET /healthz", "OPTIONS /healthz", "GET /readyz", "OPTIONS /readyz",
		"GET /dev/mail", "GET /dev/mail/{id}",
	},
}

// A route must have the guard sudo, or be listed above.
func TestSudo_OtherRoutesNeedNoConfirmation(t *testing.T) {
	p := command(t, t.TempDir(), nil, "task", "routes")
	require.NoError(t, p.Run(), p.Err.String())
	_, routes, _ := strings.Cut(p.Out.String(), "\n") // without the header
	var listed, found []string
	for _, names := range unconfirmedRoutes {
		listed = append(listed, names...)
	}
	for line := range strings.Lines(routes) {
		if words := strings.Fields(line); words[2] != "sudo" {
			found = append(found, words[0]+" "+words[1])
		}
	}
	slices.Sort(listed)
	slices.Sort(found)
	require.Equal(t, listed, found, "without the guard sudo")
}
