package actions

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofrs/uuid"
	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// Browsers accept cookies of up to 4096 bytes.
func TestSessionCookie_FullestSessionFits(t *testing.T) {
	store := newSessionStore(modelstest.Config())
	r := httptest.NewRequest("GET", "/", nil)
	session, err := store.Get(r, "corral")
	require.NoError(t, err)
	long := strings.Repeat("x", 254)
	now := models.Clock.Now()
	waiting := models.SecondStep{
		UserID: uuid.Must(uuid.NewV7()), Version: 1000, ExpiresAt: now, Remember: true, Next: []byte("/" + strings.Repeat("x", 399)),
		Mail: uuid.Must(uuid.NewV7()), DueAt: now, Reset: uuid.Must(uuid.NewV7()),
	}
	values := map[any]any{
		tokenKey: strings.Repeat("t", 80), expiresKey: now.Unix(), "totp": strings.Repeat("s", 32),
		"pending": strings.Repeat("p", 360), "recovery_codes": strings.Repeat("xxxx-xxxx-xxxx-xxxx-xxxx-xxxx ", 10),
		resetLink.key: strings.Repeat("t", 43), signupLink.key: strings.Repeat("t", 43),
		mailedToKey: long, mailedForKey: models.PurposeSignup, secondStepKey: waiting.Raw(), "_flash_": []byte(`{"warning":["login_second.ended"]}`),
	}
	for key, value := range values {
		session.Values[key] = value
	}
	w := httptest.NewRecorder()
	require.NoError(t, session.Save(r, w))
	require.Less(t, len(w.Header().Get("Set-Cookie")), 4096)

	again := httptest.NewRequest("GET", "/", nil)
	again.AddCookie(w.Result().Cookies()[0])
	session, err = store.Get(again, "corral")
	require.NoError(t, err)
	require.Equal(t, values, session.Values)
}
