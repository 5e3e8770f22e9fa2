package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRedact_SecretsOnly(t *testing.T) {
	token := strings.Repeat("Ab-_", 11)
	r := httptest.NewRequest("POST", "/plain/"+token+"/short-token/?q=error&b=plain&state_token=of-a-query", nil)
	r.PostForm = url.Values{"current_password": {`pass "w/o" rd`}, "client_secret": {"hush & <hush>"}, "Code": {"123456"}, "name": {"Ada Lovelace"}, "token": {"a"}}
	r.AddCookie(&http.Cookie{Name: "session", Value: "of-a-cookie"})
	r.SetBasicAuth("ada", "basic password")
	r.Header.Set("Proxy-Authorization", "Bearer of-a-proxy")
	r.Header.Set("User-Agent", "Firefox plain error")
	info := RequestInfo{request: r, Route: "/plain/{id}/{reset_token}"}
	for _, stays := range []string{"plain error", "q=error&b=plain", "/plain/", "Ada Lovelace", "Firefox plain error", "a name and a number: 7"} {
		require.Equal(t, stays, info.withoutSecrets(stays))
	}
	for _, secret := range []string{
		`pass "w/o" rd`, "hush & <hush>", "123456", "of-a-query", "of-a-cookie", "basic password", "of-a-proxy", token, "short-token",
		strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "),
	} {
		inJSON, err := json.Marshal(secret)
		require.NoError(t, err)
		for _, quoted := range []string{secret, fmt.Sprintf("%q", secret), string(inJSON), url.QueryEscape(secret), url.PathEscape(secret)} {
			text := info.withoutSecrets("before " + quoted + " after")
			require.Regexp(t, `^before "?\(input\)"? after$`, text, secret)
		}
	}
}

func TestRedact_OverASocket(t *testing.T) {
	log := new(buffer)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Info(r.Context()).Error(errors.New("plain error: cannot store \"hunter2hunter2\" of ada@example.com"))
		page(w, r, 500)
	}), logTo(log))
	send(t, s, "POST", "/?q=error&b=plain", "password=hunter2hunter2")
	require.Equal(t, `plain error: cannot store "(input)" of (email)`, log.wait(t, 2)[0]["error"])
}
