package models_test

import (
	"time"

	"corral/internal/undo"
	"corral/models"
	"corral/models/modelstest"
)

// lost returns the ids of links that were mailed to the user's former emails, by email.
func (ms *ModelSuite) lost(user *models.User) map[string]string {
	list, err := models.LostLinksOf(ms.T().Context(), user)
	ms.NoError(err)
	ids := map[string]string{}
	for _, t := range list {
		ids[t.Email] = t.ID.String()
	}
	ms.Len(ids, len(list), "one link for each email")
	return ids
}

// An owner who gave a mailbox up on purpose can end its links.
func (ms *ModelSuite) Test_EndLinks() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	passkey := ms.addFactor("passkey")
	models.Clock.Move(7*day + time.Second) // only a factor older than seven days ends links
	ms.NoError(ms.user("ada@example.com").ChangePassword(ctx, "an entirely new set of words", here))
	ada := ms.user("ada@example.com")
	models.Clock.Move(time.Second)
	ms.changeEmail(ada, "ada@example.org")
	ms.changeEmail(ada, "ada@example.net")
	ada = ms.user("ada@example.net")
	ms.NoError(ada.ChangePassword(ctx, "yet another new set of words", here))

	lost := ms.lost(ada)
	ms.Len(lost, 2, "without the account's present email")
	listed, last, current := &models.Token{}, &models.Token{}, &models.Token{}
	ms.NoError(ms.DB.Find(listed, lost["ada@example.com"]))
	ms.NoError(ms.DB.Where("email = ?", "ada@example.com").Order("expires_at DESC").First(last))
	ms.Equal(last.ExpiresAt, listed.ExpiresAt, "the link that expires last")
	ms.NoError(ms.DB.Where("email = ? AND purpose = ?", "ada@example.net", models.PurposeUndo).First(current))
	for _, wrong := range []string{"", "x", current.ID.String()} {
		ms.ErrorIs(models.EndLinks(ctx, ada, wrong, passkey, here), models.ErrNotFound)
	}
	ms.NoError(models.EndLinks(ctx, ada, lost["ada@example.com"], passkey, here))
	ms.Equal([]string{models.ActivityLinksEnded}, ms.activity(ada)[:1])
	for _, template := range []string{models.MailPasswordChanged, models.MailEmailChanged} {
		ms.ErrorIs(models.Undo(ctx, modelstest.Link(ms.T(), "ada@example.com", template), here), models.ErrNotFound, "both links ended")
	}
	ms.ErrorIs(models.EndLinks(ctx, ada, lost["ada@example.com"], passkey, here), models.ErrNotFound)
	delete(lost, "ada@example.com")
	ms.Equal(lost, ms.lost(ada), "links to other emails still work")
	ms.NoError(errorOf(models.CreateUser(ctx, "ada@example.com", "")), "the email is free")
	ms.NoError(models.Undo(ctx, modelstest.Link(ms.T(), "ada@example.net", models.MailPasswordChanged), here))
}

// An attacker at a confirmed session must not end the owner's links by a factor that these
// links remove.
func (ms *ModelSuite) Test_EndLinks_RefusesFactors() {
	models.Clock.Stop()
	ctx, ada, bob := ms.T().Context(), ms.signUp("ada@example.com"), ms.signUp("bob@example.com")
	removed, codes, due := ms.addFactor("passkey"), ms.addFactor("codes"), ms.addFactor("passkey")
	bobsFactor, err := models.AddFactor(ctx, bob.Email, "passkey")
	ms.NoError(err)
	ms.removeFactor(removed)
	models.Clock.Move(time.Second)
	young := ms.addFactor("totp")
	models.Clock.Move(7 * day)
	ms.NoError(ms.DB.Create(&undo.Part{ID: ada.ID, UserID: ada.ID, Item: due.ID, DueAt: models.Clock.Now()}))
	ms.changeEmail(ms.user("ada@example.com"), "ada@example.org")
	ada = ms.user("ada@example.org")
	link := ms.lost(ada)["ada@example.com"]
	for name, f := range map[string]*models.Factor{"removed": removed, "codes": codes, "due for removal": due, "another's": bobsFactor, "seven days old": young} {
		ms.ErrorIs(models.EndLinks(ctx, ada, link, f, here), models.ErrRefused, name)
	}
	models.Clock.Move(time.Second)
	before := *ada
	ms.NoError(models.EndLinks(ctx, ada, link, young, here))
	ms.NoError(ada.ChangePassword(ctx, "an entirely new set of words", here))
	ms.ErrorIs(models.EndLinks(ctx, &before, link, young, here), models.ErrBadCredentials, "something changed meanwhile")
}

// If a mail was delivered late, its link works until seven days after the delivery.
func (ms *ModelSuite) Test_EndLinks_RefusesAFactorThatALateLinkRemoves() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	evesPasskey := ms.addFactor("passkey")
	models.Clock.Move(9 * time.Hour)
	ms.NoError(models.StartLink(ctx, ms.mail("ada@example.com")))
	models.Clock.Move(7*day - time.Second)
	ms.changeEmail(ms.user("ada@example.com"), "eve@example.org")
	eve := ms.user("eve@example.org")
	link := ms.lost(eve)["ada@example.com"]
	ms.ErrorIs(models.EndLinks(ctx, eve, link, evesPasskey, here), models.ErrRefused)
	models.Clock.Move(time.Second)
	ms.NoError(models.EndLinks(ctx, eve, link, evesPasskey, here))
}

// An attacker who reads the mails and has a passkey that the owner removed may restore it by the
// link of that mail. The undo is a change of the passkey: it must not end the owner's links then.
func (ms *ModelSuite) Test_EndLinks_RefusesAFactorThatAnUndoRestored() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	evesPasskey := ms.addFactor("passkey")
	ms.removeFactor(evesPasskey)
	models.Clock.Move(7*day - time.Second)
	ms.notMe("passkey_removed")
	models.Clock.Move(2 * time.Second)
	ms.changeEmail(ms.user("ada@example.com"), "eve@example.org")
	eve := ms.user("eve@example.org")
	ms.ErrorIs(models.EndLinks(ctx, eve, ms.lost(eve)["ada@example.com"], evesPasskey, here), models.ErrRefused)
	models.Clock.Move(7 * day)
	ms.changeEmail(eve, "eve@example.com")
	eve = ms.user("eve@example.com")
	ms.NoError(models.EndLinks(ctx, eve, ms.lost(eve)["eve@example.org"], evesPasskey, here), "seven days later")
}
