package grifts

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"corral/config"
	"corral/internal/database"
	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/internal/task"
	"corral/internal/useragent"
	"corral/locales"
	"corral/migrations"
	"corral/models"
)

// why changes nothing: it creates no file and does not migrate.
func why(args []string) error {
	return connected(models.ConnectExisting, func(c config.Config) error {
		if err := database.CheckSchema(context.Background(), models.DB, migrations.Files); err != nil {
			return fmt.Errorf("%w; run `task db:migrate` first", err)
		}
		f, err := models.Explain(context.Background(), args[0])
		if err != nil {
			return err
		}
		return explain(f, c)
	})
}

//go:embed user_why.txt
var whyText string

var whyTemplate = template.Must(template.New("user_why").Funcs(template.FuncMap{
	"after":   func(wait time.Duration) string { return moment(models.Clock.Now().Add(wait)) },
	"browser": useragent.Describe,
	"digests": models.EmailDigests,
	"moment":  moment,
	"overdue": func(m *outbox.Mail) bool { return models.Outbox.Overdue(m) },
	"subject": func(mail string) string { return text("mail." + mail + ".subject") },
	"text":    func(key ...string) string { return text(strings.Join(key, "")) },
}).Parse(whyText))

// reservedOr returns an error that says why an email is reserved, or otherwise if it is not.
func reservedOr(ctx context.Context, email, otherwise string) error {
	r, err := models.FindReservation(ctx, email)
	if err != nil {
		return fmt.Errorf("%s %s", email, otherwise)
	}
	var why strings.Builder
	err = whyTemplate.ExecuteTemplate(&why, "reserved", r)
	return errors.Join(err, fmt.Errorf("%s has no account, but is %s", email, why.String()))
}

// findings are the data of user_why.txt.
type findings struct {
	*models.Findings
	Config config.Config
}

func explain(f *models.Findings, c config.Config) error {
	return whyTemplate.Execute(task.Out, findings{f, c})
}

// UndoLinks returns the mailed links that undo changes of the account, by email, the last
// to expire first. Without an account, such links only reserve the email.
func (f findings) UndoLinks() map[string][]models.Token {
	links := map[string][]models.Token{}
	for _, token := range f.Tokens {
		if token.Purpose == models.PurposeUndo && f.User != nil {
			links[token.Email] = append(links[token.Email], token)
		}
	}
	return links
}

// ineffective holds the purposes of the mailed links that have no effect, by whether the
// email has an account, and of those that UndoLinks returns.
var ineffective = map[bool][]string{
	false: {models.PurposeUndo, models.PurposeReset, models.PurposeInvite, models.PurposeEnrol},
	true:  {models.PurposeUndo, models.PurposeSignup},
}

// Links returns the other mailed links that have an effect.
func (f findings) Links() []models.Token {
	return slices.DeleteFunc(slices.Clone(f.Tokens), func(token models.Token) bool {
		return slices.Contains(ineffective[f.User != nil], token.Purpose) ||
			(f.Reserved != nil || f.SignupClosed()) && slices.Contains([]string{models.PurposeSignup, models.PurposeIdentity}, token.Purpose)
	})
}

// SignupClosed reports whether the email may get no account.
func (f findings) SignupClosed() bool { return f.User == nil && !f.Config.SignupOpen }

// text returns a text of the pages and mails.
func text(key string) string { return i18n.MustLoad(locales.FS, locales.Default).In("")(key) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
