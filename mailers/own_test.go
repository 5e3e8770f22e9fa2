package mailers

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"corral/internal/i18n"
	"corral/internal/outbox"
	"corral/locales"
	"corral/models"
	"corral/models/modelstest"
)

// A mail that a developer adds has its own templates and data. docs/own-it.md adds one.
func TestTemplateData_OwnMail(t *testing.T) {
	outbox.NewKind(ownKinds, "own", "app.name", []string{})
	defer delete(ownKinds, "own")
	c := modelstest.Config()
	file, data, err := templateData(c, &outbox.Mail{Template: "own", Data: `["a","b"]`})
	require.NoError(t, err)
	require.Equal(t, "own", file)
	require.Equal(t, []string{"a", "b"}, data["data"])
	require.Equal(t, []any{texts().In("")("app.name"), c.Host.String(), c.Host.Host, locales.Default, "ltr"},
		[]any{data["subject"], data["url"], data["host"], data["lang"], data["dir"]})
}

func TestTemplateData_OwnMailFillsInItsSubject(t *testing.T) {
	type invitation struct{ Team string }
	kind := func(key, team string) (data map[string]any, err error) {
		outbox.NewKind(ownKinds, "own", key, invitation{})
		defer delete(ownKinds, "own")
		_, data, err = templateData(modelstest.Config(), &outbox.Mail{Template: "own", Data: `{"Team":"` + team + `"}`})
		return data, err
	}
	own := i18n.MustLoad(fstest.MapFS{"own.en-us.yaml": {Data: []byte("- {id: invited, translation: \"Join {{.data.Team}}\"}\n- {id: wrong, translation: \"Join {{.Team}}\"}")}}, "en-US")
	before := texts
	texts = func() *i18n.Texts { return own }
	defer func() { texts = before }()
	data, err := kind("invited", "Crew")
	require.NoError(t, err)
	require.Equal(t, "Join Crew", data["subject"])
	_, err = kind("wrong", "Crew")
	require.EqualError(t, err, "the subject of the mail own lacks a value, or is no text in locales")
	_, err = kind("Join {{.data.Team}}", "Crew")
	require.EqualError(t, err, "the subject of the mail own lacks a value, or is no text in locales")
	data, err = kind("invited", "<no value>")
	require.NoError(t, err, "a user's text")
	require.Equal(t, "Join <no value>", data["subject"])
}

// A link that works once has a token, which the table of mails keeps sealed.
func TestTemplateData_OwnMailWithALink(t *testing.T) {
	modelstest.Empty(t)
	kind := outbox.NewKind(ownKinds, "own", "app.name", []string{})
	defer delete(ownKinds, "own")
	require.NoError(t, kind.AddLink(models.DB, models.Outbox, "ada@example.com", "", []string{"a"}, "raw-token"))
	var m outbox.Mail
	require.NoError(t, models.DB.First(&m))
	require.NotContains(t, string(m.SealedToken)+m.Data, "raw-token")
	_, data, err := templateData(modelstest.Config(), &m)
	require.NoError(t, err)
	require.Equal(t, "raw-token", data["token"])
}

// The key of the subject may be mail.NAME.subject, as for the app's mails.
func TestTemplateData_OwnMailWithATextOfTheApp(t *testing.T) {
	const name = "new_browser"
	outbox.NewKind(ownKinds, name, "mail."+name+".subject", []string{})
	defer delete(ownKinds, name)
	file, data, err := templateData(modelstest.Config(), &outbox.Mail{Template: name, Data: `["a"]`})
	require.NoError(t, err)
	require.Equal(t, name, file)
	require.Equal(t, []string{"a"}, data["data"])
	require.Equal(t, "New login to your account", data["subject"])
}
