package actions

import (
	"net"
	"net/http"
	"time"

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
		RawDeviceCookie: deviceCookie(c),
		RawSession:      rawSession,
		RawSecondStep:   rawSecondStep,
		Next:            nextIn(c.Params()),
	}
}

func credentials(c buffalo.Context, email, password string) models.Credentials {
	web.Info(c).EmailDigest = models.EmailDigest(email) // for the log line of a failed attempt
	return models.Credentials{Email: email, Password: password, Client: clientOf(c)}
}

const deviceCookieName = "corral-device"

func deviceCookie(c buffalo.Context) string {
	cookie, err := c.Request().Cookie(cookieName(settings, deviceCookieName))
	if err != nil {
		return ""
	}
	return cookie.Value
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

// setDeviceCookie marks a known browser, also after logout.
func setDeviceCookie(c buffalo.Context, rawDeviceCookie string) {
	setCookie(c, cookieName(settings, deviceCookieName), rawDeviceCookie, models.DeviceCookieLifetime)
}

func setCookie(c buffalo.Context, name, value string, lifetime time.Duration) {
	http.SetCookie(c.Response(), &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   int(lifetime.Seconds()),
		Secure:   web.Info(c).Secure, // true for every request in production
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}
