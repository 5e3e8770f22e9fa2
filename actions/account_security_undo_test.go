package actions

import (
	"net/url"
	"testing"
	"time"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
	"corral/internal/undo"
	"corral/models"
)

// undoWaits adds a passkey, and then a TOTP key whose undo waits a day.
func undoWaits(t testing.TB, email string) (passkey *models.Factor) {
	t.Helper()
	passkey = addFactor(t, email, models.FactorPasskey)
	totp, due := addFactor(t, email, models.FactorTOTP), models.Clock.Now().Add(models.UndoDelay)
	require.NoError(t, models.DB.Create(&undo.Part{ID: uuid.Must(uuid.NewV7()), UserID: totp.UserID, Number: 2, Item: totp.ID, DueAt: due}))
	return passkey
}

func addFactor(t testing.TB, email, kind string) *models.Factor {
	t.Helper()
	user, err := models.FindUserByEmail(t.Context(), email)
	require.NoError(t, err)
	f := &models.Factor{ID: uuid.Must(uuid.NewV7()), UserID: user.ID, Kind: kind, Name: "Phone", Data: []byte("data"), CreatedAt: models.Clock.Now()}
	require.NoError(t, models.DB.Create(f))
	require.NoError(t, models.DB.Create(&undo.Change{ID: uuid.Must(uuid.NewV7()), UserID: user.ID, Number: 1 + count(t, "changes"),
		Kind: kind + "_added", Item: uuid.NullUUID{UUID: f.ID, Valid: true}, CreatedAt: models.Clock.Now()}))
	return f
}

func TestAccountSecurityUndo_NothingWaits(t *testing.T) {
	b := logInAs(newSite(t), "ada@example.com")
	require.NotContains(t, b.Get("/account/security").Page, `id="undo-heading"`)
	for _, choice := range []string{"stop", "now"} {
		require.Equal(t, 404, b.Post("/account/security/undo", url.Values{"choice": {choice}}).StatusCode)
	}
	require.Equal(t, 422, b.Post("/account/security/undo", url.Values{"choice": {"later"}}).StatusCode)
}

// The mailbox and the password alone must neither stop nor speed up an undo.
func TestAccountSecurityUndo_OnlyByAFactorThatStays(t *testing.T) {
	b := logInAs(newSite(t), "ada@example.com")
	undoWaits(t, "ada@example.com")
	page := b.Get("/account/security").Page
	require.Contains(t, page, `id="undo-heading"`)
	due := &undo.Part{}
	require.NoError(t, models.DB.First(due))
	require.Regexp(t, `(?s)<strong>Authenticator app removed</strong>.*datetime="`+due.DueAt.UTC().Format(time.RFC3339), page, "what waits, and until when")
	require.NotContains(t, page, `action="/account/security/undo"`)
	for _, choice := range []string{"stop", "now"} {
		a := b.Post("/account/security/undo", url.Values{"choice": {choice}})
		require.Equal(t, 422, a.StatusCode)
		require.Regexp(t, `role="alert" tabindex="-1" autofocus>To stop this, log in with`, a.Page, "nobody can have a removal by an operator done at once")
	}
	require.Equal(t, 1, count(t, "undo_parts"))
}

func TestAccountSecurityUndo_Choice(t *testing.T) {
	for choice, want := range map[string]struct {
		flash string
		left  int
	}{"stop": {"It was stopped. Everything stays as it is.", 2}, "now": {"It was done.", 1}} {
		s := newSite(t)
		b := logInAs(s, "ada@example.com")
		passkey := undoWaits(t, "ada@example.com")
		require.NoError(t, models.DB.RawQuery("UPDATE sessions SET factor_id = ?", passkey.ID).Exec()) // as after a login with it
		require.Contains(t, b.Get("/account/security").Page, `action="/account/security/undo"`)

		a := b.Post("/account/security/undo", url.Values{"choice": {choice}})
		require.Equal(t, "/account/security", a.Location())
		require.Equal(t, []string{want.flash}, apptest.Flashes(b.Get("/account/security").Page))
		user, err := models.FindUserByEmail(t.Context(), "ada@example.com")
		require.NoError(t, err)
		factors, err := models.FactorsOf(t.Context(), user)
		require.NoError(t, err)
		require.Len(t, factors, want.left)
		require.Equal(t, 404, b.Post("/account/security/undo", url.Values{"choice": {choice}}).StatusCode)
	}
}

func TestAccountSecurityUndo_Event(t *testing.T) {
	requireEvents(t, map[string]func(s *site){"undo decided": func(s *site) {
		passkey := undoWaits(s.t, "ada@example.com")
		b := s.loggedIn("ada@example.com", firefox)
		require.NoError(s.t, models.DB.RawQuery("UPDATE sessions SET factor_id = ?", passkey.ID).Exec()) // as after a login with it
		b.Post("/account/security/undo", url.Values{"choice": {"stop"}})
	}})
}
