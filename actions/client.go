package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func clientOf(c buffalo.Context) models.Client {
	rawSession, _ := c.Session().Get(tokenKey).(string)
	rawSecondStep, _ := c.Session().Get(secondStepKey).(string)
	return models.Client{
		IP:              web.Info(c).Client,
		UserAgent:       c.Request().UserAgent(),
		Language:        language(c),
		RawDeviceCookie: deviceCookie().Value(c.Request()),
		RawSession:      rawSession,
		RawSecondStep:   rawSecondStep,
		Next:            nextIn(c.Params()),
	}
}

func credentials(c buffalo.Context, email, password string) models.Credentials {
	web.Info(c).EmailDigest = models.EmailDigest(email) // for the log line of a failed attempt
	return models.Credentials{Email: email, Password: password, Client: clientOf(c)}
}

// deviceCookie marks a known browser, also after logout.
func deviceCookie() web.Cookie {
	return web.Cookie{Name: settings.CookieName("corral-device"), Lifetime: models.DeviceCookieLifetime}
}
