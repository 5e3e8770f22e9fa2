package mailers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"strings"
	"sync"

	"github.com/gobuffalo/buffalo/mail"

	"corral/config"
	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/internal/view"
	"corral/locales"
	"corral/models"
	"corral/templates"
)

var (
	texts  = sync.OnceValue(func() *i18n.Texts { return i18n.MustLoad(locales.FS, locales.Default) })
	engine = sync.OnceValue(func() *view.Engine {
		return view.New(view.Options{Templates: templates.FS, Layout: "mail/layout.plush.html"})
	})
)

// Compose returns the message of a mail in the language of its recipient, or
// outbox.ErrNothingToSend. Links start with HOST: prevents links poisoned by a Host
// header.
func Compose(ctx context.Context, c config.Config, m *outbox.Mail) (message mail.Message, err error) {
	m.Template = cmp.Or(m.Resolved, m.Template)
	key := "mail." + m.Template + ".subject"
	if _, _, err = ownKinds.Read(m); err != nil && texts().In("")(key) == key { // a node of a newer release will resolve it
		return message, err
	}
	if err = models.ResolveMail(ctx, m); err == nil {
		message, err = compose(c, m)
	}
	return message, err
}

func compose(c config.Config, m *outbox.Mail) (mail.Message, error) {
	file, data, err := templateData(c, m)
	if err != nil {
		return mail.Message{}, err
	}
	message := m.Message(c.MailFrom, c.Host.Hostname(), data["subject"].(string))
	// HTML is last: mail programs prefer the last part.
	err = message.AddBodies(data, engine().Text("mail/"+file+".plush.txt"), engine().HTML("mail/"+file+".plush.html"))
	return message, err
}

// Preview composes a mail with example data.
func Preview(c config.Config, name string) (mail.Message, error) {
	data := cmp.Or(ownKinds.Example(name), `{"when":"2026-01-02T15:04:05Z","until":"2026-01-10T15:04:05Z","ip":"192.0.2.1","user_agent":"Firefox/133.0","new_email":"new@example.com"}`)
	return compose(c, &outbox.Mail{Recipient: "ada@example.com", Template: name, Data: data})
}

// templateData returns the name of a mail's templates, and their data.
func templateData(c config.Config, m *outbox.Mail) (file string, data map[string]any, err error) {
	language := texts().Match("", m.Language)
	t := texts().In(language)
	data = map[string]any{"lang": language, "dir": i18n.Direction(language), "t": t, "host": c.Host.Host}
	if key := "mail." + m.Template + ".subject"; ownKinds.Example(m.Template) == "" && t(key) != key { // the app's mails have this text
		return "message", data, appMailOf(m.Template).addData(data, t, c, m)
	}
	key, own, err := ownKinds.Read(m)
	token, tokenErr := models.Outbox.Token(m)
	subject := t(key, map[string]any{"data": own})
	if subject == key && strings.Contains(key, "{{") || strings.Contains(subject, "<no value>") && !strings.Contains(fmt.Sprint(own), "<no value>") {
		err = errors.Join(err, fmt.Errorf("the subject of the mail %s lacks a value, or is no text in locales", m.Template))
	}
	data["subject"], data["url"], data["data"], data["token"] = subject, c.Host.String(), own, token
	return m.Template, data, errors.Join(err, tokenErr)
}

func (a appMail) addData(data map[string]any, t i18n.Translate, c config.Config, m *outbox.Mail) error {
	var details models.MailData
	if err := json.Unmarshal([]byte(m.Data), &details); err != nil {
		return err
	}
	rawToken, err := models.Outbox.Token(m)
	if err != nil {
		return err
	}
	names := map[string]any{"email": m.Recipient, "new_email": details.NewEmail, "until": i18n.FormatTime(t, details.Until)}
	maps.Copy(data, map[string]any{
		"subject": t("mail."+m.Template+".subject", names),
		"text":    t("mail."+m.Template+".text", names),
		"link":    "", "log_in": "",
		"notice":  a.notice,
		"when":    i18n.FormatTime(t, details.When),
		"ip":      details.IP,
		"browser": i18n.Browser(t, details.UserAgent),
	})
	if m.Template == models.MailAccountDeleted && details.IP == "" && details.UserAgent == "" { // task user:delete
		data["browser"] = t("mail.by_operator")
	}
	if a.link != "" {
		data["link"] = template.HTML(c.Host.String() + a.link + rawToken)
		if a.logIn {
			data["log_in"] = template.HTML(c.Host.String() + "/login")
		}
		button := "mail." + cmp.Or(a.button, m.Template)
		data["button"], data["note"] = t(button+".button"), t(button+".note")
	}
	return nil
}
