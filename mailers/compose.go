package mailers

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"sync"

	"github.com/gobuffalo/buffalo/mail"

	"corral/config"
	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/internal/useragent"
	"corral/internal/view"
	"corral/locales"
	"corral/models"
	"corral/templates"
)

var (
	texts  = sync.OnceValue(func() *i18n.Texts { return must(i18n.Load(locales.FS)) })
	engine = sync.OnceValue(func() *view.Engine {
		return view.New(view.Options{Templates: templates.FS, Layout: "mail/layout.plush.html"})
	})
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // a locale file is wrong
	}
	return value
}

// Compose returns the message of a mail, in text and HTML, in the language of its
// recipient, or outbox.ErrNothingToSend. Links start with HOST: prevents links
// poisoned by a Host header.
func Compose(ctx context.Context, c config.Config, m *outbox.Mail) (mail.Message, error) {
	if err := models.ResolveMail(ctx, m); err != nil {
		return mail.Message{}, err
	}
	data, err := templateData(c, m)
	if err != nil {
		return mail.Message{}, fmt.Errorf("composing a mail: %w", err)
	}
	message := mail.NewMessage()
	message.From, message.To = c.MailFrom.String(), []string{m.Recipient}
	message.Subject = data["subject"].(string)
	message.SetHeader("Auto-Submitted", "auto-generated") // RFC 3834: prevents out-of-office answers
	// The same at every attempt: mail programs hide duplicates.
	message.SetHeader("Message-ID", "<"+m.ID.String()+"@"+outbox.Domain(c.Host.Hostname())+">")
	// Mail programs prefer the last part.
	err = message.AddBodies(data, engine().Text("mail/message.plush.txt"), engine().HTML("mail/message.plush.html"))
	if err != nil {
		return mail.Message{}, fmt.Errorf("composing a mail: %w", err)
	}
	return message, nil
}

func templateData(c config.Config, m *outbox.Mail) (map[string]any, error) {
	kind, ok := kinds[m.Template]
	if !ok {
		return nil, fmt.Errorf("no mail is named %s", m.Template)
	}
	var details models.MailData
	if err := json.Unmarshal([]byte(m.Data), &details); err != nil {
		return nil, err
	}
	rawToken, err := models.Outbox.Token(m)
	if err != nil {
		return nil, err
	}
	language := texts().Match("", m.Language)
	t := texts().In(language)
	browser, system := useragent.Name(details.UserAgent)
	names := map[string]any{"email": m.Recipient, "new_email": details.NewEmail}
	data := map[string]any{
		"lang": language, "dir": i18n.Direction(language), "t": t,
		"subject": t("mail."+m.Template+".subject", names),
		"text":    t("mail."+m.Template+".text", names),
		"link":    "", "log_in": "",
		"notice":  kind.notice,
		"when":    i18n.FormatTime(t, details.When),
		"ip":      details.IP,
		"browser": i18n.Browser(t, browser, system),
		"host":    c.Host.Host,
	}
	if kind.link != "" {
		data["link"] = template.HTML(c.Host.String() + kind.link + rawToken)
		if kind.logIn {
			data["log_in"] = template.HTML(c.Host.String() + "/login")
		}
		data["button"] = t("mail." + m.Template + ".button")
		data["note"] = t("mail." + m.Template + ".note")
	}
	return data, nil
}
