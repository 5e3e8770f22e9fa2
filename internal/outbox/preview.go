package outbox

import (
	"context"
	"errors"

	"github.com/gobuffalo/buffalo/mail"
)

// Preview is a mail as it would be sent now. It is for a page in development.
type Preview struct {
	*Mail
	Subject, Text, HTML string // "" if nothing would be sent
}

// Previews composes mails as the worker does.
func Previews(ctx context.Context, mails []Mail, compose func(context.Context, *Mail) (mail.Message, error)) (list []Preview, err error) {
	for i := range mails {
		message, err := compose(ctx, &mails[i])
		p := Preview{Mail: &mails[i], Subject: message.Subject}
		switch {
		case err == nil:
			p.Text, p.HTML = message.Bodies[0].Content, message.Bodies[1].Content
		case !errors.Is(err, ErrNothingToSend):
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
