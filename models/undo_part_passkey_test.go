package models_test

import (
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/passkey/passkeytest"
	"corral/models"
	"corral/models/modelstest"
)

// The link of an older change demands the opposite of a waiting undo. Each undo happens a day
// after its link was opened.
func (ms *ModelSuite) Test_Undo_OlderLinkWantsTheOpposite() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	ms.addFactor("totp")
	ms.turnSecondStep(true)
	passkey := ms.addPasskey(passkeytest.New(site), "ada@example.com")
	ms.removeFactor(&passkey)
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ms.T().Context(), passkey.ID.String(), here))
	ms.notMe(models.MailPasskeyRestored)
	models.Clock.Move(time.Hour)
	ms.notMe("passkey_removed")
	ms.later(23 * time.Hour)
	ms.hasFactors([]string{"totp"}, true, "the first undo")
	ms.later(time.Hour)
	ms.hasFactors([]string{"totp", "passkey"}, true, "the second undo")
}

// A passkey whose addition was undone cannot be restored: it may be an attacker's.
func (ms *ModelSuite) Test_Undo_NoRestoreOfAnAddition() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	passkey := ms.addFactor("passkey")
	removed := func() (ids []uuid.UUID) {
		_, list, err := models.PasskeysOf(ctx, ms.user("ada@example.com"))
		ms.NoError(err)
		for _, f := range list {
			ids = append(ids, f.ID)
		}
		return ids
	}
	ms.removeFactor(passkey)
	ms.Equal([]uuid.UUID{passkey.ID}, removed())
	ms.notMe("passkey_removed")
	ms.hasFactors([]string{"passkey"}, false, "restored")
	ms.notMe("passkey_added")
	ms.hasFactors(nothing, false, "undone")
	ms.Empty(removed())
	ms.ErrorIs(ms.user("ada@example.com").RestorePasskey(ctx, passkey.ID.String(), here), models.ErrNotFound)
}

// An attacker adds a passkey and removes it. Undoing the addition leaves nothing to restore, also
// while the undo of other factors waits.
func (ms *ModelSuite) Test_Undo_NoRestoreOfARemovedAddition() {
	ctx := ms.T().Context()
	for _, secondStep := range []bool{false, true} {
		modelstest.Empty(ms.T())
		ms.signUp("ada@example.com")
		if secondStep {
			ms.addFactor("totp")
			ms.turnSecondStep(true)
		}
		passkey := ms.addFactor("passkey")
		ms.removeFactor(passkey)
		ms.notMe("passkey_added")
		for range 2 {
			_, removed, err := models.PasskeysOf(ctx, ms.user("ada@example.com"))
			ms.NoError(err)
			ms.Empty(removed)
			ms.ErrorIs(ms.user("ada@example.com").RestorePasskey(ctx, passkey.ID.String(), here), models.ErrNotFound)
			ms.later(25 * time.Hour)
		}
	}
}

// The owner restores a passkey before the undo does. The undo must not remove the passkey.
func (ms *ModelSuite) Test_Undo_RestoredMeanwhile() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	a := passkeytest.New(site)
	passkey := ms.addPasskey(a, "ada@example.com")
	ms.addFactor("totp")
	ms.turnSecondStep(true)
	ms.removeFactor(&passkey)
	ms.notMe("passkey_removed")
	ms.NoError(ms.user("ada@example.com").RestorePasskey(ms.T().Context(), passkey.ID.String(), here))
	ms.NoError(errorOf(ms.logInWith(ms.loginAnswer(a))))
	ms.later(24 * time.Hour)
	ms.hasFactors([]string{"passkey", "totp"}, true, "a day later")
}
