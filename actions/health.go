package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// HealthzShow is GET /healthz: liveness. It ignores the database, which a
// restart would not repair.
func HealthzShow(c buffalo.Context) error {
	return web.AnswerPlain(c, http.StatusOK, "ok")
}

// ReadyzShow is GET /readyz: readiness. The reason of a failure is in the log only.
func ReadyzShow(c buffalo.Context) error {
	if err := models.Ready(c); err != nil {
		web.Info(c).Error(err)
		return web.AnswerPlain(c, http.StatusServiceUnavailable, "unavailable")
	}
	return web.AnswerPlain(c, http.StatusOK, "ok")
}
