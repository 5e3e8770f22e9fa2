package outbox

import (
	"encoding/json"
	"fmt"

	"github.com/gobuffalo/pop/v6"
)

// Kinds are the kinds of an app's mails that carry data, by template.
type Kinds map[string]anyKind

type anyKind struct {
	subject, example string
	decode           func(data string) (any, error)
}

// Kind is a kind of mail whose data is a T:
//
//	var kinds = outbox.Kinds{}
//	var digest = outbox.NewKind(kinds, "digest", "Your new documents", []Document{{Name: "plan.txt"}})
//	…
//	err := digest.Add(tx, queue, user.Email, user.Language, documents)
type Kind[T any] struct{ template string }

// NewKind adds a kind. The app decides whether the subject is a text or a message key,
// and what it fills in. The example is data for previews. NewKind panics if the example
// cannot be encoded as JSON.
func NewKind[T any](kinds Kinds, template, subject string, example T) Kind[T] {
	data, err := json.Marshal(example)
	if err != nil {
		panic(fmt.Sprintf("outbox: the example of the mail %s: %v", template, err))
	}
	kinds[template] = anyKind{subject, string(data), func(data string) (any, error) {
		var value T
		err := json.Unmarshal([]byte(data), &value)
		return value, err
	}}
	return Kind[T]{template}
}

// Add queues a mail with its data, which is stored as JSON. Call it in the transaction
// of the change that the mail announces.
func (k Kind[T]) Add(tx *pop.Connection, q *Queue, recipient, language string, data T) error {
	return k.AddLink(tx, q, recipient, language, data, "")
}

// AddLink is Add for a mail with a secret link, whose token is stored sealed.
func (k Kind[T]) AddLink(tx *pop.Connection, q *Queue, recipient, language string, data T, rawToken string) error {
	m := Mail{Recipient: recipient, Template: k.template, Language: language}
	if err := m.SetData(data); err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	return q.Add(tx, m, rawToken)
}

// Read returns the subject of a mail and its data, a T.
func (kinds Kinds) Read(m *Mail) (subject string, data any, err error) {
	k, ok := kinds[m.Template]
	if !ok {
		return "", nil, fmt.Errorf("no mail is named %s", m.Template)
	}
	data, err = k.decode(m.Data)
	return k.subject, data, err
}

// Example returns a kind's example as JSON, or "".
func (kinds Kinds) Example(template string) string { return kinds[template].example }
