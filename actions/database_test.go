package actions

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/pop/v6"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/password"
	"corral/models"
	"corral/models/modelstest"
)

func closedDatabase(t testing.TB) *pop.Connection {
	t.Helper()
	details := *models.DB.Dialect.Details()
	if details.Dialect == "postgres" {
		details.URL = models.DB.URL()
	}
	conn, err := pop.NewConnection(&details)
	require.NoError(t, err)
	require.NoError(t, conn.Open())
	require.NoError(t, conn.Store.Close())
	return conn
}

// readOnlyDatabase returns a connection on which writes fail, as on a standby server or a
// full disk.
func readOnlyDatabase(t testing.TB) *pop.Connection {
	t.Helper()
	details := *models.DB.Dialect.Details()
	details.Options = maps.Clone(details.Options)
	if details.Dialect == "postgres" {
		details.URL = models.DB.URL() + "&default_transaction_read_only=on"
	} else {
		details.Options["mode"] = "ro"
	}
	conn, err := pop.NewConnection(&details)
	require.NoError(t, err)
	require.NoError(t, conn.Open())
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestDatabase_ReadOnlyIsNotReady(t *testing.T) {
	b := newSite(t).browser()
	require.Equal(t, 200, b.Get("/readyz").StatusCode)
	usual := models.DB
	models.DB = readOnlyDatabase(t)
	t.Cleanup(func() { models.DB = usual })
	require.Equal(t, 503, b.Get("/readyz").StatusCode)
	require.Equal(t, 200, b.Get("/healthz").StatusCode)
	models.DB = usual
	require.Equal(t, 200, b.Get("/readyz").StatusCode)
}

// A user logs out while writes fail. The browser loses its cookie, and the page
// says that the session could not be ended.
func TestDatabase_LogoutDeletesTheCookie(t *testing.T) {
	for name, broken := range map[string]func(testing.TB) *pop.Connection{"read-only": readOnlyDatabase, "closed": closedDatabase} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			modelstest.SignUp(t, "ada@example.com")
			b, copied := s.loggedIn("ada@example.com", firefox), s.browser()
			copied.SetCookie(sessionCookieName, b.sessionCookie())
			usual := models.DB
			models.DB = broken(t)
			t.Cleanup(func() { models.DB = usual })
			a := b.logOut()
			require.Equal(t, 303, a.StatusCode)
			require.Equal(t, "/welcome", a.Location())
			page := b.Get("/welcome").Page
			require.Equal(t, []string{"This browser was logged out, but the session could not be ended on the server. " +
				"Log in again later and end it on the Devices page."}, apptest.Flashes(page))
			require.Contains(t, page, `role="alert"`)
			models.DB = usual
			require.Equal(t, "/login", b.Get("/").LocationPath())
			require.Equal(t, 200, copied.Get("/").StatusCode, "a copied cookie still works, as the page says")
		})
	}
}

func TestDatabase_DownIs503(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	open := models.DB
	models.DB = closedDatabase(t)
	t.Cleanup(func() { models.DB = open })
	for _, a := range []apptest.Response{b.Get("/"), s.browser().logIn("ada@example.com")} {
		require.Equal(t, 503, a.StatusCode)
		require.NotEmpty(t, a.Header.Get("Retry-After"))
		require.Contains(t, a.Page, "Back in a moment")
	}
	require.Equal(t, 200, s.browser().Get("/welcome").StatusCode, "a public page needs no database")
	models.DB = open
	require.Equal(t, 200, b.Get("/").StatusCode)
}

// Only a fault of the database or a full hashing queue is a 503.
func TestDatabase_OtherFailuresAre500(t *testing.T) {
	s := newSite(t)
	var failure error
	app.GET("/test/failure", func(buffalo.Context) error { return fmt.Errorf("failing: %w", failure) })
	modelstest.SignUp(t, "ada@example.com")
	b := s.loggedIn("ada@example.com", firefox)
	for status, errs := range map[int][]error{
		503: {password.ErrBusy, driver.ErrBadConn},
		500: {errors.New("no"), fs.ErrNotExist, io.EOF, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
	} {
		for _, failure = range errs {
			a := b.Get("/test/failure")
			require.Equal(t, status, a.StatusCode, failure)
			require.Equal(t, status == 503, a.Header.Get("Retry-After") != "", failure)
		}
	}
}

func TestDatabase_PagesDoNotWaitForWriters(t *testing.T) {
	s := newSite(t)
	modelstest.SignUp(t, "ada@example.com")
	b := s.browser()
	b.logIn("ada@example.com")
	require.NoError(t, models.DB.Transaction(func(tx *pop.Connection) error {
		require.NoError(t, tx.RawQuery("UPDATE users SET language = 'de'").Exec())
		for _, path := range served("/", "/account", "/account/sessions") {
			require.Equal(t, 200, b.Get(path).StatusCode, path)
		}
		return nil
	}))
}

func TestDatabase_FailedAttemptsAreCounted(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 422, s.browser().Post("/login", url.Values{"email": {"ada@example.com"}, "password": {"x"}}).StatusCode)
	n, err := models.DB.Count("rate_limits")
	require.NoError(t, err)
	require.NotZero(t, n)
}
