package actions

import (
	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
	"corral/models"
)

// NotMeNew is GET /not-me/{token}, the link of security mails: shows a button.
func NotMeNew(c buffalo.Context) error {
	found, err := models.FindNotMe(c, c.Param("token"))
	if err != nil {
		return deadLink(c, err)
	}
	c.Set("found", found)
	c.Set("action", "/not-me/"+c.Param("token"))
	return renderPage(c, "not_me.title", "not_me/new.plush.html")
}

// NotMeCreate is POST /not-me/{token}: undoes the change that the mail was about and
// all later ones.
func NotMeCreate(c buffalo.Context) error {
	found, err := models.FindNotMe(c, c.Param("token"))
	if err == nil {
		err = models.Undo(c, c.Param("token"), clientOf(c))
	}
	if err != nil {
		return deadLink(c, err)
	}
	web.Info(c).EmailDigest = models.EmailDigest(found.Email)
	web.Info(c).Event("change undone")
	c.Flash().Add("success", "not_me.done")
	return redirect(c, "loginPath()")
}
