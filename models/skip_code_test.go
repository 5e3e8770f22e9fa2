package models_test

import (
	"time"

	"github.com/gofrs/uuid"

	"corral/models"
	"corral/models/modelstest"
)

// passStep logs in with a recovery code and returns the browser's device cookie.
func (ms *ModelSuite) passStep(email, code string, skip bool, client models.Client) string {
	_, step, err := models.LogIn(ms.T().Context(), models.Credentials{Email: email, Password: modelstest.Password, Client: client}, false)
	ms.NoError(err)
	client.RawSecondStep = step.Raw()
	step, err = models.FindSecondStep(ms.T().Context(), client)
	ms.NoError(err)
	s, err := step.Pass(ms.T().Context(), code, skip, client)
	ms.NoError(err)
	return s.RawDeviceCookie
}

func (ms *ModelSuite) Test_Skip() {
	models.Clock.Stop()
	ms.signUp("ada@example.com")
	_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	plain := ms.passStep("ada@example.com", codes[0], false, here)
	ms.False(ms.skips("ada@example.com", plain), "a known browser alone does not skip")
	cookie := ms.passStep("ada@example.com", codes[1], true, here)
	ms.True(ms.skips("ada@example.com", cookie))
	ms.False(ms.skips("ada@example.com", ""))
	ms.False(ms.skips("ada@example.com", plain))

	list, err := models.SkipsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Len(list, 1)
	ms.Equal("192.0.2.1", list[0].IP)
	ms.Equal("Test/1.0", list[0].UserAgent)
	ms.WithinDuration(models.Clock.Now().Add(30*day), list[0].SkipsUntil.Time, time.Millisecond)

	models.Clock.Move(30*day - time.Second)
	ms.purge()
	ms.True(ms.skips("ada@example.com", cookie))
	models.Clock.Move(time.Second)
	clients := func() int {
		n, err := ms.DB.Where("ip = ? AND user_agent = ?", "192.0.2.1", "Test/1.0").Count("device_cookies")
		ms.NoError(err)
		return n
	}
	ms.False(ms.skips("ada@example.com", cookie), "for 30 days")
	ms.Equal(1, clients())
	ms.purge()
	ms.Zero(clients(), "kept for the list only")
	ms.False(ms.skips("ada@example.com", cookie), "a login does not extend the skip")
	list, err = models.SkipsOf(ms.T().Context(), ms.user("ada@example.com"))
	ms.NoError(err)
	ms.Empty(list)
}

func (ms *ModelSuite) Test_Skip_IsOfOneAccount() {
	cookies := map[string]string{}
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		ms.signUp(email)
		_, codes := modelstest.SetTOTP(ms.T(), email)
		cookies[email] = ms.passStep(email, codes[0], true, here)
	}
	ms.True(ms.skips("ada@example.com", cookies["ada@example.com"]))
	ms.False(ms.skips("ada@example.com", cookies["bob@example.com"]))
}

// The operator ends sessions after a leak of cookies.
func (ms *ModelSuite) Test_Skip_EndsWithTheSessionsOfAnOperator() {
	for name, end := range map[string]func(ada *models.User) (int, error){
		"EMAIL": func(ada *models.User) (int, error) { return models.EndSessionsOf(ms.T().Context(), ada) },
		"all":   func(*models.User) (int, error) { return models.EndAllSessions(ms.T().Context()) },
	} {
		modelstest.Empty(ms.T())
		ada := ms.signUp("ada@example.com")
		_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
		cookie := ms.passStep("ada@example.com", codes[0], true, here)
		ended, err := end(ada)
		ms.NoError(err)
		ms.Equal(1, ended, name)
		ms.False(ms.skips("ada@example.com", cookie), name)
	}
}

func (ms *ModelSuite) Test_Skip_EndsWithAChange() {
	for name, change := range map[string]func() error{
		"factor": func() error { return errorOf(models.AddFactor(ms.T().Context(), "ada@example.com", "passkey")) },
		"password": func() error {
			return ms.user("ada@example.com").ChangePassword(ms.T().Context(), modelstest.Password, here)
		},
		"undo": func() error {
			return models.Undo(ms.T().Context(), modelstest.Link(ms.T(), "ada@example.com", models.MailCodeUsed), here)
		},
	} {
		modelstest.Empty(ms.T())
		ms.signUp("ada@example.com")
		_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
		cookie := ms.passStep("ada@example.com", codes[0], true, here)
		ms.NoError(change(), name)
		if name == "undo" { // an undo voids the password
			ms.NoError(ms.user("ada@example.com").SetPassword(ms.T().Context(), modelstest.Password))
		}
		ms.False(ms.skips("ada@example.com", cookie), name)
		list, err := models.SkipsOf(ms.T().Context(), ms.user("ada@example.com"))
		ms.NoError(err)
		ms.Empty(list, name)
	}
}

func (ms *ModelSuite) Test_Skip_End() {
	ctx := ms.T().Context()
	ms.signUp("ada@example.com")
	bob := ms.signUp("bob@example.com")
	_, codes := modelstest.SetTOTP(ms.T(), "ada@example.com")
	var cookies []string
	for _, code := range codes[:3] {
		cookies = append(cookies, ms.passStep("ada@example.com", code, true, here))
		models.Clock.Move(time.Second)
	}
	ada := ms.user("ada@example.com")
	list, err := models.SkipsOf(ctx, ada)
	ms.NoError(err)
	ms.Len(list, 3)
	for _, id := range []string{"x", uuid.Nil.String()} {
		ms.ErrorIs(models.EndSkips(ctx, ada, id, here), models.ErrNotFound)
	}
	ms.ErrorIs(models.EndSkips(ctx, bob, list[0].ID.String(), here), models.ErrNotFound, "another's")
	ms.ErrorIs(models.EndSkips(ctx, bob, "", here), models.ErrNotFound)
	ms.NoError(models.EndSkips(ctx, ada, list[0].ID.String(), here))
	ms.ErrorIs(models.EndSkips(ctx, ada, list[0].ID.String(), here), models.ErrNotFound)
	ms.False(ms.skips("ada@example.com", cookies[2]), "the newest browser")
	ms.True(ms.skips("ada@example.com", cookies[1]))
	ms.NoError(models.EndSkips(ctx, ada, "", here))
	ms.False(ms.skips("ada@example.com", cookies[1]))
	ms.Equal(models.ActivitySkipEnded, ms.activity(ada)[1])
}
