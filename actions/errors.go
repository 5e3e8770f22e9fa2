package actions

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// errorKeys holds the message keys by HTTP status. Other statuses use error.other.
var errorKeys = map[int]string{
	http.StatusBadRequest:            "error.bad_request",
	http.StatusUnauthorized:          "error.unauthorized",
	http.StatusForbidden:             "error.forbidden",
	http.StatusNotFound:              "error.not_found",
	http.StatusMethodNotAllowed:      "error.method_not_allowed",
	http.StatusRequestEntityTooLarge: "error.too_large",
	http.StatusMisdirectedRequest:    "error.misdirected",
	http.StatusUnprocessableEntity:   "error.unprocessable",
	http.StatusTooManyRequests:       "error.too_many",
	http.StatusInternalServerError:   "error.internal",
	http.StatusServiceUnavailable:    "error.unavailable",
}

// withStatus gives an error its status: Buffalo chooses the error handler by it.
func withStatus(c buffalo.Context, err error) error {
	limited, stated := (*models.RateLimited)(nil), buffalo.HTTPError{Status: http.StatusInternalServerError}
	switch errors.As(err, &stated); {
	case web.TooLarge(err):
		return c.Error(http.StatusRequestEntityTooLarge, err)
	case stated.Status != http.StatusInternalServerError:
		return err
	case errors.Is(err, models.ErrNotFound):
		if c.Param("id") != "" {
			web.Info(c).Event("foreign id refused")
		}
		return c.Error(http.StatusNotFound, web.WithDetail(err, models.ErrNotFound.Error()))
	case errors.As(err, &limited):
		web.SetRetryAfter(c, limited.RetryAfter)
		return c.Error(http.StatusTooManyRequests, web.WithDetail(err, limited.Error()))
	case models.Unavailable(err):
		return c.Error(http.StatusServiceUnavailable, err)
	}
	return err
}

// renderError renders the error of a handler.
func renderError(status int, err error, c buffalo.Context) error {
	detail := web.Failed(c, status, err, app.Muxer())
	language, _ := c.Value("lang").(string) // "" if Translate has not run
	writeError(c.Response(), c.Request(), status, "", language, detail)
	return nil
}

// errorPage is renderError for requests that do not reach the app.
func errorPage(w http.ResponseWriter, req *http.Request, status int) {
	key := ""
	if status == http.StatusBadGateway {
		key = "error.proxy" // 502 means that a proxy sent no X-Forwarded-Proto
	}
	writeError(w, req, status, key, "", "")
}

// writeError uses neither session nor database: either may have failed. So the flash
// message stays for the next page.
func writeError(w http.ResponseWriter, req *http.Request, status int, key, language, detail string) {
	web.WriteError(w, req, status, detail, func(status int) ([]byte, error) {
		key = cmp.Or(key, errorKeys[status], "error.other")
		data := map[string]any{"lang": languageOf(req, language), "title": key + ".title", "key": key, "status": status, "request_id": web.Info(req.Context()).ID}
		for name, helper := range app.RouteHelpers() { // as Buffalo does for handlers
			data[name] = helper
		}
		if settings.Development() {
			data["trace"] = web.Info(req.Context()).Trace
		}
		if key == "error.misdirected" || key == "error.proxy" { // the host or scheme is wrong: links would not work
			data["bare"] = true
			return r.Bytes("error/show.plush.html", data, "bare.plush.html")
		}
		return r.Bytes("error/show.plush.html", data)
	})
}
