package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/outbox"
)

type document struct {
	Name   string `json:"name"`
	Secret string `json:"-"`
}

func TestKind(t *testing.T) {
	q, kinds := newQueue(t), outbox.Kinds{}
	digest := outbox.NewKind(kinds, "digest", "New documents", []document{{"example.txt", "s3cret"}})
	require.NoError(t, digest.Add(db, q, "zoe@example.com", "de", []document{{"a.txt", "s3cret"}, {"b.txt", ""}}))
	m := mailTo(t, "zoe@example.com")
	require.Equal(t, []string{"digest", "de", `[{"name":"a.txt"},{"name":"b.txt"}]`}, []string{m.Template, m.Language, m.Data})
	subject, data, err := kinds.Read(m)
	require.NoError(t, err)
	require.Equal(t, "New documents", subject)
	require.Equal(t, []document{{"a.txt", ""}, {"b.txt", ""}}, data)

	_, data, err = kinds.Read(&outbox.Mail{Template: "digest", Data: kinds.Example("digest")})
	require.NoError(t, err)
	require.Equal(t, []document{{"example.txt", ""}}, data)
	require.Empty(t, kinds.Example("nonsense"))
}

func TestKind_Errors(t *testing.T) {
	kinds := outbox.Kinds{}
	outbox.NewKind(kinds, "digest", "New documents", []document{})
	for data, template := range map[string]string{"[]": "nonsense", "[": "digest", `"text"`: "digest"} {
		_, _, err := kinds.Read(&outbox.Mail{Template: template, Data: data})
		require.Error(t, err)
	}
	require.PanicsWithValue(t, "outbox: the example of the mail bad: json: unsupported type: func()", func() {
		outbox.NewKind(kinds, "bad", "", func() {})
	})
	bad := outbox.NewKind[any](kinds, "any", "", nil)
	require.ErrorContains(t, bad.Add(db, newQueue(t), "zoe@example.com", "", func() {}), "queueing a mail")
}
