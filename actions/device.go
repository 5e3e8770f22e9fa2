package actions

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/actions/view"
	"corral/config"
	"corral/models"
)

// deviceCookieName is the cookie by which a browser that signed in before is known.
func deviceCookieName(c *config.Config) string {
	if c.Production() {
		return "__Host-corral-device"
	}
	return "device"
}

// deviceToken is what the device cookie holds, or "".
func deviceToken(c buffalo.Context) string {
	cookie, err := c.Request().Cookie(deviceCookieName(configOf(c)))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// keepDevice lets the browser keep what makes it known to the account. The
// cookie holds a random token and stays when the person logs out.
func keepDevice(c buffalo.Context, rawDevice string) {
	http.SetCookie(c.Response(), &http.Cookie{
		Name:     deviceCookieName(configOf(c)),
		Value:    rawDevice,
		Path:     "/",
		MaxAge:   int(models.DeviceLifetime.Seconds()),
		Secure:   configOf(c).Production(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// credentials are what was typed, and where it was typed.
func credentials(c buffalo.Context, email, password string) models.Credentials {
	return models.Credentials{Email: email, Password: password, From: origin(c)}
}

// origin is the browser that a request came from.
func origin(c buffalo.Context) models.Origin {
	rawSession, _ := c.Session().Get(tokenKey).(string)
	return models.Origin{
		Client:     edge.From(c).Client,
		UserAgent:  c.Request().UserAgent(),
		Language:   language(c),
		RawDevice:  deviceToken(c),
		RawSession: rawSession,
	}
}

// throttled says whether err is a throttle, and tells the person in a sentence
// and the browser by a header when to try again.
func throttled(c buffalo.Context, err error) (problem string, ok bool) {
	var t *models.Throttled
	if !errors.As(err, &t) {
		return "", false
	}
	edge.From(c).Event("throttled")
	seconds := int(math.Ceil(t.RetryAfter.Seconds()))
	c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
	if t.UntilReset {
		return translate(c, "throttle.until_reset"), true
	}
	return waitSentence(texts.In(language(c)), seconds), true
}

func waitSentence(t view.Translate, seconds int) string {
	if seconds > 90 {
		return t("throttle.minutes", (seconds+59)/60) // rounded up: a wait that is over is over
	}
	return t("throttle.seconds", seconds)
}
