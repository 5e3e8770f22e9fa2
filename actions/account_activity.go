package actions

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gobuffalo/buffalo"
	"github.com/gofrs/uuid"

	"corral/models"
)

// activityPerPage is how much of it a page shows.
const activityPerPage = 25

// activityTexts are the kinds of activity in words.
var activityTexts = map[string]string{
	models.ActivitySignup:         "account_activity.signup",
	models.ActivityLogin:          "account_activity.login",
	models.ActivityLoginNewDevice: "account_activity.login_new_device",
	models.ActivityLoginFailed:    "account_activity.login_failed",
	models.ActivityPasswordFailed: "account_activity.password_failed",
	models.ActivityLogout:         "account_activity.logout",
	models.ActivitySessionEnded:   "account_activity.session_ended",
	models.ActivityOthersEnded:    "account_activity.others_ended",
	models.ActivityOperatorEnded:  "account_activity.operator_ended",
	models.ActivityPassword:       "account_activity.password",
	models.ActivityPasswordReset:  "account_activity.password_reset",
	models.ActivityEmailRequested: "account_activity.email_requested",
	models.ActivityEmail:          "account_activity.email",
	models.ActivityEmailUndone:    "account_activity.email_undone",
}

// activityLine is a line of the page.
type activityLine struct {
	What    string
	At      time.Time
	Browser string
	Address string // "" when nobody asked for it over the network
	Failed  bool
}

// AccountActivityIndex is GET /account/activity: what happened to the account,
// the newest first. The parameter before leads to older pages.
func AccountActivityIndex(c buffalo.Context) error {
	before := parseActivityKey(c.Param("before"))
	list, err := models.ActivityOf(c, currentUser(c), before, activityPerPage+1)
	if err != nil {
		return err
	}
	older := ""
	if len(list) > activityPerPage { // one more than fits: there is another page
		list = list[:activityPerPage]
		older = "/account/activity?before=" + activityKey(list[activityPerPage-1])
	}
	var lines []activityLine
	for _, a := range list {
		lines = append(lines, activityLine{
			What:    translate(c, activityTexts[a.Kind]),
			At:      a.CreatedAt.UTC(),
			Browser: browserName(c, a.UserAgent),
			Address: a.Address,
			Failed:  a.Kind == models.ActivityLoginFailed || a.Kind == models.ActivityPasswordFailed,
		})
	}
	c.Set("title", "account_activity.title")
	c.Set("lines", lines)
	c.Set("older", older)
	c.Set("newest", before == nil)
	return c.Render(http.StatusOK, r.HTML("account_activity/index.plush.html"))
}

// activityKey is where the page after a line begins, for an address. Unlike a
// page number it stays right while new activity comes in.
func activityKey(last models.Activity) string {
	return strconv.FormatInt(last.CreatedAt.UnixMicro(), 10) + "_" + last.ID.String()
}

// maxActivityMicros is in the year 9999: databases know no later one.
const maxActivityMicros = 253_000_000_000_000_000

// parseActivityKey reads what activityKey wrote. Anything else is the newest page.
func parseActivityKey(text string) *models.ActivityKey {
	at, id, _ := strings.Cut(text, "_")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || micros < 0 || micros > maxActivityMicros {
		return nil
	}
	rowID, err := uuid.FromString(id)
	if err != nil {
		return nil
	}
	return &models.ActivityKey{CreatedAt: time.UnixMicro(micros).UTC(), ID: rowID}
}
