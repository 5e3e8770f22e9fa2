package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/actions/edge"
	"corral/models"
)

// AccountPasswordUpdate is PUT /account/password: sets another password and
// ends every other session. This one goes on under a new token.
func AccountPasswordUpdate(c buffalo.Context) error {
	person, problem, err := confirmPassword(c)
	if err != nil {
		return err
	}
	if problem != "" {
		return renderAccount(c, problemStatus(c), "current_password", problem)
	}
	password, key := models.CheckPassword(field(c, "password"), person.Email)
	if key != "" {
		return renderAccount(c, http.StatusUnprocessableEntity, "password", passwordProblem(c, key))
	}
	if err := person.ChangePassword(c, password, origin(c)); err != nil {
		return tooLate(c, err)
	}
	edge.From(c).Event("password changed")
	session, err := models.StartSession(c, person, origin(c), currentSession(c).Remembered)
	if err != nil {
		return tooLate(c, err)
	}
	keepSession(c, session)
	c.Flash().Add("success", "account.password_changed")
	return redirect(c, "/account")
}
