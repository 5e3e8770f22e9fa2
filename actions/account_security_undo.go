package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

type undoForm struct {
	Choice string `form:"choice"` // "stop" or "now"
}

// AccountSecurityUndoCreate is POST /account/security/undo: stops a waiting undo, or finishes it
// now.
func AccountSecurityUndoCreate(c buffalo.Context) error {
	var form undoForm
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	messageKey, ok := map[string]string{"stop": "account_security.undo_stopped", "now": "account_security.undo_finished"}[form.Choice]
	if !ok {
		return c.Error(http.StatusUnprocessableEntity, errors.New("choice is neither stop nor now"))
	}
	err := currentSession(c).DecideUndo(c, form.Choice == "now", clientOf(c))
	return securityChanged(c, err, "undo decided", messageKey, messages{"choice": T.Translate(c, "account_security.undo_refused")})
}
