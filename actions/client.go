package actions

import (
	"net"

	"github.com/gobuffalo/buffalo"

	"corral/config"
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
	return web.Cookie{Name: cookieName(settings, "corral-device"), Lifetime: models.DeviceCookieLifetime}
}

// cookieName returns a cookie's full name. Browsers accept __Host- from https only,
// for this host only, for every path. In development, all ports of a host share
// their cookies: two copies of the app would log each other out.
func cookieName(c config.Config, name string) string {
	switch {
	case c.Production():
		return "__Host-" + name
	case c.Development():
		_, port, _ := net.SplitHostPort(c.Addr)
		return name + "-" + port
	}
	return name
}
