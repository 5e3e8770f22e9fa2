package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func clientOf(c buffalo.Context) models.Client {
	return models.Client{
		IP:              web.Info(c).Client,
		UserAgent:       c.Request().UserAgent(),
		Language:        language(c),
		RawDeviceCookie: deviceCookie().Value(c.Request()),
		RawSessionToken: web.SessionText(c, tokenKey),
		RawSecondStep:   web.SessionText(c, secondStepKey),
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
