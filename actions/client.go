package actions

import (
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

func clientOf(c buffalo.Context) models.Client {
	rawSession, _ := c.Session().Get(tokenKey).(string)
	return models.Client{
		IP:              web.Info(c).Client,
		UserAgent:       c.Request().UserAgent(),
		Language:        language(c),
		RawDeviceCookie: deviceCookie(c),
		RawSession:      rawSession,
	}
}

func credentials(c buffalo.Context, email, password string) models.Credentials {
	return models.Credentials{Email: email, Password: password, Client: clientOf(c)}
}

func deviceCookieName() string {
	if settings.Production() {
		return "__Host-corral-device"
	}
	return "device"
}

// deviceCookie returns the device cookie's token, or "".
func deviceCookie(c buffalo.Context) string {
	cookie, err := c.Request().Cookie(deviceCookieName())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setDeviceCookie marks a known browser, also after logout.
func setDeviceCookie(c buffalo.Context, rawDeviceCookie string) {
	setCookie(c, deviceCookieName(), rawDeviceCookie, models.DeviceCookieLifetime)
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
