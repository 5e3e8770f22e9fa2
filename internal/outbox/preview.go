package outbox

import (
	"context"
	"errors"

	"github.com/gobuffalo/buffalo/mail"
	"github.com/gobuffalo/pop/v6"
)

// Preview is a mail as it would be sent now. It is for a page in development.
type Preview struct {
	*Mail
	Subject, Text, HTML string // "" if nothing would be sent
}

// Compose returns the message of a mail, or ErrNothingToSend.
type Compose func(context.Context, *Mail) (mail.Message, error)

// Previews returns the newest mails.
func (q *Queue) Previews(ctx context.Context, db *pop.Connection, compose Compose) ([]Preview, error) {
	mails, err := q.Newest(ctx, db)
	if err != nil {
		return nil, err
	}
	return previews(ctx, mails, compose)
}

// Preview returns a mail, or ErrNotFound.
func (q *Queue) Preview(ctx context.Context, db *pop.Connection, id string, compose Compose) (*Preview, error) {
	m, err := q.ByID(ctx, db, id)
	if err != nil {
		return nil, err
	}
	list, err := previews(ctx, []Mail{*m}, compose)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// previews composes mails as the worker does.
func previews(ctx context.Context, mails []Mail, compose Compose) (list []Preview, err error) {
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
