package actions

import (
	"context"
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"
	"github.com/gobuffalo/buffalo/mail"

	"corral/internal/outbox"
	"corral/internal/web"
	"corral/mailers"
	"corral/models"
)

func DevMailIndex(c buffalo.Context) error {
	mails, err := models.Outbox.Previews(c, models.DB, compose)
	if err != nil {
		return err
	}
	c.Set("mails", mails)
	return renderPage(c, "dev_mail.title", "dev_mail/index.plush.html")
}

// DevMailShow is GET /dev/mail/{id}: shows a mail's text, or with ?html the mail's HTML.
func DevMailShow(c buffalo.Context) error {
	m, err := models.Outbox.Preview(c, models.DB, c.Param("id"), compose)
	if errors.Is(err, outbox.ErrNotFound) {
		return c.Error(http.StatusNotFound, err)
	}
	if err != nil {
		return err
	}
	if c.Request().URL.Query().Has("html") {
		// The mail has inline styles, which mail clients need and the app's policy forbids.
		c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		return web.AnswerAs(c, "text/html; charset=utf-8", []byte(m.HTML))
	}
	c.Set("mail", m)
	return renderPage(c, "dev_mail.title", "dev_mail/show.plush.html")
}

func compose(ctx context.Context, m *outbox.Mail) (mail.Message, error) {
	return mailers.Compose(ctx, settings, m)
}
