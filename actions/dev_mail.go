package actions

import (
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/mailers"
	"corral/models"
)

// The development mailbox: what would have been sent. Its routes exist in
// development only.
func addDevMail(app *buffalo.App) {
	app.GET("/dev/mail", DevMailIndex)
	app.GET("/dev/mail/{id}", DevMailShow)
}

// DevMailIndex is GET /dev/mail: the newest mails of the outbox.
func DevMailIndex(c buffalo.Context) error {
	mails, err := models.NewestMails(c)
	if err != nil {
		return err
	}
	var list []mailbox
	for i := range mails {
		entry, err := openMail(c, &mails[i])
		if err != nil {
			return err
		}
		list = append(list, entry)
	}
	c.Set("title", "dev_mail.title")
	c.Set("mails", list)
	return c.Render(http.StatusOK, r.HTML("dev_mail/index.plush.html"))
}

// DevMailShow is GET /dev/mail/{id}: the text of a mail, or with ?html its HTML.
func DevMailShow(c buffalo.Context) error {
	m, err := models.FindMail(c, c.Param("id"))
	if err != nil {
		return c.Error(http.StatusNotFound, err)
	}
	entry, err := openMail(c, m)
	if err != nil {
		return err
	}
	if _, html := c.Request().URL.Query()["html"]; html {
		// A mail has its styles inline, as mail programs want them.
		c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		c.Response().Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := c.Response().Write([]byte(entry.HTML))
		return err
	}
	c.Set("title", "dev_mail.title")
	c.Set("mail", entry)
	return c.Render(http.StatusOK, r.HTML("dev_mail/show.plush.html"))
}

// mailbox is a mail as it is read.
type mailbox struct {
	ID, To, Subject, Text, HTML string
	At                          time.Time
}

func openMail(c buffalo.Context, m *models.Mail) (mailbox, error) {
	entry := mailbox{ID: m.ID.String(), To: m.Recipient, At: m.CreatedAt}
	if err := m.Resolve(c); err != nil {
		entry.Subject = translate(c, "dev_mail.unsent", map[string]any{"template": m.Template})
		return entry, nil
	}
	message, err := mailers.Compose(*configOf(c), m)
	if err != nil {
		return entry, err
	}
	entry.Subject, entry.Text, entry.HTML = message.Subject, message.Bodies[0].Content, message.Bodies[1].Content
	return entry, nil
}
