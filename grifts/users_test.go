package grifts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
	"corral/models/modelstest"
)

// Tasks say why an email is reserved.
func TestTasks_ReservedEmail(t *testing.T) {
	modelstest.Empty(t)
	ctx := t.Context()
	ada, bob := modelstest.SignUp(t, "ada@example.com"), modelstest.SignUp(t, "bob@example.com")
	require.NoError(t, ada.RequestEmailChange(ctx, "eve@example.com", models.Client{}))
	require.NoError(t, ada.ConfirmEmailChange(ctx, modelstest.Link(t, "eve@example.com", models.MailEmailConfirm), models.Client{}))
	require.NoError(t, bob.Delete(ctx, models.Client{}))
	const moment = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`
	for email, why := range map[string]string{
		"ada@example.com": "reserved until " + moment + ": it was changed to eve@example.com at " + moment + "$",
		"bob@example.com": "reserved until " + moment + ": its account was deleted at " + moment + "$",
	} {
		require.Regexp(t, "^"+email+" has no account, but is "+why, reservedOr(ctx, email, "has no account").Error())
	}
	require.EqualError(t, reservedOr(ctx, "nobody@example.com", "has no account"), "nobody@example.com has no account")
	require.EqualError(t, reservedOr(ctx, "eve@example.com", "has an account already"), "eve@example.com has an account already")
}
