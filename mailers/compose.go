package mailers

import (
	"fmt"
	"html/template"
	"sync"

	"github.com/gobuffalo/buffalo/mail"

	"corral/actions/view"
	"corral/config"
	"corral/locales"
	"corral/models"
	"corral/templates"
)

// letter is what a mail has besides its texts, which stand in the locale files
// under mail.NAME.
type letter struct {
	link   string // path that the button leads to; the token is added to it
	logIn  bool   // has a link to log in besides
	notice bool   // says when and where it happened, and what to do when it was not you
}

var letters = map[string]letter{
	models.MailSignup:          {link: "/signup/"},
	models.MailSignupTaken:     {link: "/password/forgot", logIn: true, notice: true},
	models.MailReset:           {link: "/password/reset/"},
	models.MailPasswordChanged: {link: "/password/forgot", notice: true},
	models.MailNewDevice:       {link: "/account", notice: true},
	models.MailEmailConfirm:    {link: "/account/email/confirm/"},
	models.MailEmailTaken:      {link: "/password/forgot", notice: true},
	models.MailEmailAsked:      {link: "/account", notice: true},
	models.MailEmailChanged:    {link: "/account/email/undo/", notice: true},
	models.MailAccountDeleted:  {notice: true},
}

var (
	texts  = sync.OnceValue(func() *view.Locales { return must(view.LoadLocales(locales.FS)) }) // by the first mail, not at the start
	engine = view.New(view.Options{Templates: templates.FS, Layout: "mail/layout.plush.html"})
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // a file of this repository is wrong
	}
	return value
}

// Compose makes the message of a mail, in text and HTML, in its reader's
// language. Links start with HOST, never with what a request said.
func Compose(c config.Config, m *models.Mail) (mail.Message, error) {
	data, err := letterData(c, m)
	if err != nil {
		return mail.Message{}, fmt.Errorf("composing a mail: %w", err)
	}
	message := mail.NewMessage()
	message.From, message.To = c.MailFrom.String(), []string{m.Recipient}
	message.Subject = data["subject"].(string)
	message.SetHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	// The same at every try: should one be sent twice, mail programs show it once.
	message.SetHeader("Message-ID", "<"+m.ID.String()+"@"+domain(c)+">")
	// The last part is the one that a mail program prefers.
	err = message.AddBodies(data, engine.Text("mail/letter.plush.txt"), engine.HTML("mail/letter.plush.html"))
	if err != nil {
		return mail.Message{}, fmt.Errorf("composing a mail: %w", err)
	}
	return message, nil
}

func letterData(c config.Config, m *models.Mail) (map[string]any, error) {
	kind, ok := letters[m.Template]
	if !ok {
		return nil, fmt.Errorf("no mail is named %s", m.Template)
	}
	details, err := m.Details()
	if err != nil {
		return nil, err
	}
	rawToken, err := m.Token()
	if err != nil {
		return nil, err
	}
	language := texts().Match("", m.Language)
	t := texts().In(language)
	browser, system := models.Browser(details.UserAgent)
	names := map[string]any{"email": m.Recipient, "new_email": details.NewEmail}
	data := map[string]any{
		"lang": language, "dir": view.Direction(language), "t": t,
		"subject": t("mail."+m.Template+".subject", names),
		"text":    t("mail."+m.Template+".text", names),
		"link":    "", "log_in": "",
		"notice":  kind.notice,
		"when":    view.Moment(t, details.When),
		"address": details.Address,
		"browser": view.Browser(t, browser, system),
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
