package actions

import (
	"github.com/gobuffalo/buffalo"
	"github.com/gofrs/uuid"

	"corral/models"
)

const activityPerPage = 25

// AccountActivityIndex is GET /account/activity. ?before=ID shows older entries; a
// page number would shift as entries are added.
func AccountActivityIndex(c buffalo.Context) error {
	before := uuid.FromStringOrNil(c.Param("before")) // an invalid ID shows the newest page
	list, err := models.ActivityOf(c, currentUser(c), before, activityPerPage+1)
	if err != nil {
		return err
	}
	older := ""
	if len(list) > activityPerPage { // there is another page
		list = list[:activityPerPage]
		older = list[activityPerPage-1].ID.String()
	}
	c.Set("activities", list)
	c.Set("older", older)
	c.Set("newest", before == uuid.Nil)
	return renderPage(c, "account_activity.title", "account_activity/index.plush.html")
}
