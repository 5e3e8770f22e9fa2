package actions

import (
	"io"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// HealthzShow is GET /healthz: liveness. It ignores the database, which a
// restart would not repair.
func HealthzShow(c buffalo.Context) error {
	return writePlain(c, http.StatusOK, "ok")
}

// ReadyzShow is GET /readyz: readiness. Only the log has the reason.
func ReadyzShow(c buffalo.Context) error {
	if err := models.Ready(c); err != nil {
		web.Info(c).Error(err)
		return writePlain(c, http.StatusServiceUnavailable, "unavailable")
	}
	return writePlain(c, http.StatusOK, "ok")
}

// writePlain avoids Render, which would touch the session.
func writePlain(c buffalo.Context, status int, text string) error {
	if c.Request().Method == http.MethodOptions && status == http.StatusOK {
		status = http.StatusNoContent
	}
	c.Response().Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.Response().WriteHeader(status)
	io.WriteString(c.Response(), text+"\n") // ignore write errors: the client is gone
	return nil
}
