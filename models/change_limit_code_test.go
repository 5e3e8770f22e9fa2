package models_test

import (
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid"

	"corral/internal/secret"
	"corral/internal/totp"
	"corral/models"
	"corral/models/modelstest"
)

// Each change of a factor has to be undone. Prevents a flood of changes, whose undo would not
// end in time.
func (ms *ModelSuite) Test_Change_AtMostAHundredFactorChangesADay() {
	models.Clock.Stop()
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	ms.addFactor("passkey")
	ms.turnSecondStep(true)
	made := 0
	makeCodes := func() (err error) {
		for range 60 {
			if _, err = ms.user("ada@example.com").MakeRecoveryCodes(ctx, here); err != nil {
				return err
			}
			made++
		}
		return nil
	}
	var limited *models.RateLimited
	ms.ErrorAs(makeCodes(), &limited)
	ms.GreaterOrEqual(made, 48) // each set of codes is two changes
	ms.Positive(limited.RetryAfter)
	ms.LessOrEqual(limited.RetryAfter, 24*time.Hour)
	usual := modelstest.Config().SessionSecrets
	models.Rekey(append([]string{secret.New()}, usual...)...)
	ms.ErrorAs(errorOf(ms.user("ada@example.com").MakeRecoveryCodes(ctx, here)), &limited, "a new SESSION_SECRET changes nothing")
	models.Rekey(usual...)

	first := modelstest.Link(ms.T(), "ada@example.com", "passkey_added")
	_, err := ms.user("ada@example.com").ResetFactors(ctx, true)
	ms.NoError(err, "an operator is not limited")
	models.Clock.Move(24 * time.Hour) // the rate limit ends
	key := totp.NewKey()
	ms.NoError(errorOf(ms.user("ada@example.com").SetTOTP(ctx, key, totp.Code(key, models.Clock.Now()), here)))
	ms.ErrorAs(makeCodes(), &limited)
	ms.NoError(models.Undo(ctx, first, here))
	ms.later(24 * time.Hour)
	ms.hasFactors(nothing, false, "all is undone")
}

// A confirmation by the password ends once the second step is on. Otherwise an attacker with
// the password could turn the step off again.
func (ms *ModelSuite) Test_Session_SecondStepEndsOtherConfirmations() {
	models.Clock.Stop()
	ada := ms.signUp("ada@example.com")
	owner, attacker := ms.found(ada), ms.found(ada)
	for _, s := range []*models.Session{owner, attacker} {
		ms.NoError(errorOf(ms.confirm(s, modelstest.Password)))
	}
	key := totp.NewKey()
	ms.NoError(errorOf(owner.User.SetTOTP(ms.T().Context(), key, totp.Code(key, models.Clock.Now()), here)))
	ms.True(ms.reloaded(owner).Confirmed())
	ms.False(ms.reloaded(attacker).Confirmed())
}

// An attacker with the password may have asked for the change.
func (ms *ModelSuite) Test_EmailChange_EndsWithTheSecondStep() {
	ctx, ada := ms.T().Context(), ms.signUp("ada@example.com")
	owner, attacker := ms.found(ada), ms.found(ada)
	ms.NoError(attacker.User.RequestEmailChange(ctx, "mallory@example.com", here))
	key := totp.NewKey()
	ms.NoError(errorOf(owner.User.SetTOTP(ctx, key, totp.Code(key, models.Clock.Now()), here)))
	rawToken := ms.newestToken("mallory@example.com")
	ms.ErrorIs(ms.found(ms.user("ada@example.com")).User.ConfirmEmailChange(ctx, rawToken, here), models.ErrNotFound)
	ms.Equal(ada.ID, ms.user("ada@example.com").ID)
}

// A confirmation by the password that is under way ends, too.
func (ms *ModelSuite) Test_Session_SecondStepEndsConfirmationsUnderWay() {
	ctx := ms.T().Context()
	for range 10 {
		modelstest.Empty(ms.T())
		ada := ms.signUp("ada@example.com")
		key, owner := totp.NewKey(), ms.found(ada)
		third, done := make(chan bool), new(atomic.Int32)
		all := []func() error{func() error {
			<-third // three confirmations have ended, others are under way
			return errorOf(owner.User.SetTOTP(ctx, key, totp.Code(key, models.Clock.Now()), here))
		}}
		var sessions []uuid.UUID
		for range 20 {
			s := ms.found(ada)
			sessions = append(sessions, s.ID)
			all = append(all, func() error {
				err := errorOf(ms.confirm(s, modelstest.Password))
				if done.Add(1) == 3 {
					close(third)
				}
				return err
			})
		}
		ms.NoError(atOnce(all...)[0])
		confirmed, err := ms.DB.Where("confirmed_at IS NOT NULL AND id IN (?)", sessions).Count(&models.Session{})
		ms.NoError(err)
		ms.Zero(confirmed)
	}
}
