package actions

import (
	"errors"
	"net/http"
	"time"

	"github.com/gobuffalo/buffalo"

	"corral/internal/outbox"
	"corral/mailers"
	"corral/models"
)

func DevMailIndex(c buffalo.Context) error {
	mails, err := models.Outbox.Newest(c, models.DB)
	if err != nil {
		return err
	}
	var list []devMail
	for i := range mails {
		mail, err := openMail(c, &mails[i])
		if err != nil {
			return err
		}
		list = append(list, mail)
	}
	c.Set("title", "dev_mail.title")
	c.Set("mails", list)
	return c.Render(http.StatusOK, r.HTML("dev_mail/index.plush.html"))
}

// DevMailShow is GET /dev/mail/{id}: the text of a mail, or its HTML with
// ?html.
func DevMailShow(c buffalo.Context) error {
	m, err := models.Outbox.Find(c, models.DB, c.Param("id"))
	if errors.Is(err, outbox.ErrNotFound) {
		return c.Error(http.StatusNotFound, err)
	}
	if err != nil {
		return err
	}
	mail, err := openMail(c, m)
	if err != nil {
		return err
	}
	if c.Request().URL.Query().Has("html") {
		// Mail clients need inline styles.
		c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		c.Response().Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := c.Response().Write([]byte(mail.HTML))
		return err
	}
	c.Set("title", "dev_mail.title")
	c.Set("mail", mail)
	return c.Render(http.StatusOK, r.HTML("dev_mail/show.plush.html"))
}

type devMail struct {
	ID, To, Subject, Text, HTML string
	At                          time.Time
}

func openMail(c buffalo.Context, m *outbox.Mail) (devMail, error) {
	mail := devMail{ID: m.ID.String(), To: m.Recipient, At: m.CreatedAt}
	message, err := mailers.Compose(c, settings, m)
	if errors.Is(err, outbox.ErrNothingToSend) {
		mail.Subject = T.Translate(c, "dev_mail.unsent", map[string]any{"template": m.Template})
		return mail, nil
	}
	if err != nil {
		return mail, err
	}
	mail.Subject, mail.Text, mail.HTML = message.Subject, message.Bodies[0].Content, message.Bodies[1].Content
	return mail, nil
}
