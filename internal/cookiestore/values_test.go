package cookiestore

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"testing"

	"github.com/stretchr/testify/require"
)

type basket struct{ Items []string }

func init() { gob.Register(&basket{}) }

func roundTrip(t *testing.T, values map[any]any) map[any]any {
	t.Helper()
	b, err := encode(values)
	require.NoError(t, err)
	got, err := decode(b)
	require.NoError(t, err)
	return got
}

func TestValues_RoundTrip(t *testing.T) {
	values := map[any]any{
		"text": "é\"<>", "empty": "", "bytes": []byte{0, 1, 255}, "legible bytes": []byte(`{"a":"<b>"}`), "no bytes": []byte{},
		"number": int64(-42), "count": 7, "yes": true, "basket": &basket{[]string{"a", "b"}}, "Latin-1": "caf\xe9", "\x00": "\x00\u2028", "nil": nil,
	}
	require.Equal(t, values, roundTrip(t, values))
	encoded, err := encode(map[any]any{})
	require.NoError(t, err)
	require.Nil(t, encoded)
}

func TestValues_EqualSessionsEncodeEqually(t *testing.T) {
	values := map[any]any{"a": "1", "b": "2", "c": "3", "d": "4"}
	first, err := encode(values)
	require.NoError(t, err)
	for range 50 {
		again, err := encode(map[any]any{"d": "4", "c": "3", "b": "2", "a": "1"})
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestValues_RejectsInvalidValues(t *testing.T) {
	for _, values := range []map[any]any{
		{"x": struct{ Y int }{1}}, // not registered with gob
		{1: "x"},
		{"\xff": "x"},
	} {
		_, err := encode(values)
		require.Error(t, err)
	}
	_, err := decode([]byte(`{"a":"sx"}`))
	require.NoError(t, err)
	for _, text := range []string{
		"", "x", `{"a"`, `{"a":""}`, `{"a":"zx"}`, `{"a":"ix"}`, `{"a":"g!"}`, `{"a":"g"}`, `{"a":"sx"}x`, `{"a":1}`, `["sx"]`,
	} {
		_, err := decode([]byte(text))
		require.Error(t, err, "%q", text)
	}
}

// Another release may have written the cookie.
func TestValues_UnknownTypesAreErrors(t *testing.T) {
	var b bytes.Buffer
	var value any = &basket{[]string{"a"}}
	require.NoError(t, gob.NewEncoder(&b).Encode(&value))
	unknown := bytes.ReplaceAll(b.Bytes(), []byte("cookiestore.basket"), []byte("cookiestore.bucket"))
	require.NotEqual(t, b.Bytes(), unknown)
	for _, text := range []string{"g" + base64.StdEncoding.EncodeToString(unknown), "B", "I1", "f1.5", "\x00", "é", " s"} {
		_, err := decodeValue(text)
		require.Error(t, err, "%q", text)
	}
}
