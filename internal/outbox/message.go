package outbox

import (
	"encoding/json"
	"fmt"
	"mime"
	netmail "net/mail"

	"github.com/gobuffalo/buffalo/mail"
	gomail "github.com/wneessen/go-mail"

	"corral/internal/email"
)

// SetData stores the data of the mail's texts as JSON.
func (m *Mail) SetData(data any) error {
	content, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("the data of a mail: %w", err)
	}
	m.Data = string(content)
	return nil
}

// Message returns a message without bodies. Its headers name the mail, for programs that
// hide duplicates, and prevent out-of-office answers (RFC 3834). host is the app's.
func (m *Mail) Message(from *netmail.Address, host, subject string) mail.Message {
	message := mail.NewMessage()
	message.From, message.To, message.Subject = from.String(), []string{m.Recipient}, subject
	message.SetHeader("Auto-Submitted", "auto-generated")
	message.SetHeader("Message-ID", "<"+m.ID.String()+"@"+Domain(host)+">") // the same at every attempt
	return message
}

// toSMTP converts a message for the SMTP library. The library refuses emails with line
// breaks, and encodes line breaks in other headers: prevents header injection.
func toSMTP(m mail.Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(m.From); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	for header, recipients := range map[gomail.AddrHeader][]string{gomail.HeaderTo: m.To, gomail.HeaderCc: m.CC, gomail.HeaderBcc: m.Bcc} {
		if len(recipients) == 0 {
			continue
		}
		addresses := make([]*netmail.Address, len(recipients))
		for i, recipient := range recipients {
			address, err := email.ParseAddress(recipient)
			if err != nil {
				return nil, fmt.Errorf("recipient: %w", err)
			}
			addresses[i] = address
		}
		message.SetAddrHeaderFromMailAddress(header, addresses...)
	}
	message.Subject(m.Subject)
	message.SetDate()
	for name, value := range m.Headers {
		message.SetGenHeader(gomail.Header(name), value)
	}
	for i, body := range m.Bodies {
		kind, _, err := mime.ParseMediaType(body.ContentType)
		if err != nil {
			return nil, fmt.Errorf("content type: %w", err)
		}
		if i == 0 {
			message.SetBodyString(gomail.ContentType(kind), body.Content)
		} else {
			message.AddAlternativeString(gomail.ContentType(kind), body.Content)
		}
	}
	for _, file := range m.Attachments {
		attach := message.AttachReader
		if file.Embedded {
			attach = message.EmbedReader
		}
		if err := attach(file.Name, file.Reader, gomail.WithFileContentType(gomail.ContentType(file.ContentType))); err != nil {
			return nil, fmt.Errorf("attachment: %w", err)
		}
	}
	return message, nil
}
