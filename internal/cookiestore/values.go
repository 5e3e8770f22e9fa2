package cookiestore

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// flashKey is the key of Buffalo's flash messages. Buffalo sets it to "{}" when
// there are none.
const flashKey = "_flash_"

// encode returns the names and values in the order of the names, each after its
// length, or nil if there are no values. A value begins with a letter for its type.
// Equal values give equal bytes.
//
// gob encodes equal values differently, so that detecting a change would take a
// second decoding, and a page half as long again.
func encode(values map[any]any) ([]byte, error) {
	names := make([]string, 0, len(values))
	for key, value := range values {
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("session key %v is not text", key)
		}
		if flash, ok := value.([]byte); ok && name == flashKey && string(flash) == "{}" {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	var encoded []byte
	for _, name := range names {
		text, err := encodeValue(values[name])
		if err != nil {
			return nil, fmt.Errorf("session value %s: %w", name, err)
		}
		encoded = appendText(appendText(encoded, name), text)
	}
	return encoded, nil
}

func appendText(encoded []byte, text string) []byte {
	return append(binary.AppendUvarint(encoded, uint64(len(text))), text...)
}

func encodeValue(value any) (text string, err error) {
	switch v := value.(type) {
	case string:
		return "s" + v, nil
	case []byte:
		return "b" + string(v), nil
	case int64:
		return "i" + strconv.FormatInt(v, 10), nil
	}
	b := bytes.NewBufferString("g")
	err = gob.NewEncoder(b).Encode(&value)
	return b.String(), err
}

func decode(encoded []byte) (map[any]any, error) {
	values := map[any]any{}
	for len(encoded) > 0 {
		name, rest, err := cutText(encoded)
		if err != nil {
			return nil, err
		}
		text, rest, err := cutText(rest)
		if err != nil {
			return nil, err
		}
		if values[name], err = decodeValue(text); err != nil {
			return nil, fmt.Errorf("session value %s: %w", name, err)
		}
		encoded = rest
	}
	return values, nil
}

// cutText is the reverse of appendText.
func cutText(encoded []byte) (text string, rest []byte, err error) {
	length, n := binary.Uvarint(encoded)
	if n <= 0 || length > uint64(len(encoded)-n) {
		return "", nil, errors.New("the session is cut off")
	}
	rest = encoded[n:]
	return string(rest[:length]), rest[length:], nil
}

func decodeValue(text string) (any, error) {
	if text == "" {
		return nil, errors.New("no type")
	}
	kind, text := text[0], text[1:]
	switch kind {
	case 's':
		return text, nil
	case 'b':
		return []byte(text), nil
	case 'i':
		return strconv.ParseInt(text, 10, 64)
	case 'g':
		var value any
		err := gob.NewDecoder(strings.NewReader(text)).Decode(&value)
		return value, err
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}
