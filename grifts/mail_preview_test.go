package grifts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/models"
)

func TestMailPreview(t *testing.T) {
	printed, err := run(t, "task", "mail:preview", models.MailNewBrowser)
	require.NoError(t, err)
	require.Regexp(t, `(?s)^Subject: New login to your account\n\n.*\n-- \nSent by .*<html lang="en-US"`, printed)
	printed, err = run(t, "task", "mail:preview", models.MailEmailChanged)
	require.NoError(t, err)
	require.Regexp(t, `(?s)belongs to new@example\.com.*Firefox.*192\.0\.2\.1.*belongs to new@example\.com`, printed)
	_, err = run(t, "task", "mail:preview", "nonsense")
	require.EqualError(t, err, "no mail is named nonsense")
}
