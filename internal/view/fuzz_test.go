package view

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gobuffalo/nulls"
)

// skipped matches templates that may run forever (unclosed comments, recursive
// functions, large numbers) or whose output differs from run to run.
var skipped = regexp.MustCompile(`<%#|fn|\d{4}|debug|inspect|env`)

// pointers matches pointers, which differ from run to run.
var pointers = regexp.MustCompile(`0x[0-9a-f]+`)

// FuzzAgainstPlush renders templates by plush and by the engine. Both must have the same
// output, or both must return an error.
func FuzzAgainstPlush(f *testing.F) {
	for _, source := range slices.Concat(compiled, leftToPlush, failing) {
		f.Add(source, "a <b>", 7, 1.5, true)
	}
	f.Add(`<%= text %><%= number %><%= float %><%= if (yes) { %>a<% } %>`, "", -1, 0.0, false)
	f.Fuzz(func(t *testing.T, source, text string, number int, float float64, yes bool) {
		if len(source) > 300 || skipped.MatchString(source) || number > 999 {
			return
		}
		data := func() map[string]any {
			data := snippetData()
			maps.Copy(data, map[string]any{
				"text": text, "number": number, "float": float, "yes": yes, "id": net.IPv4(1, 2, 3, byte(number)), "at": time.Unix(int64(number), 0).UTC(), "nulled": nulls.NewString(text),
				"list": []string{text, "2"}, "anys": []any{text, number, float, yes, nil}, "words": map[string]string{text: "b"},
			})
			return data
		}
		files := maps.Clone(snippetFiles)
		files["snippet.html"] = &fstest.MapFile{Data: []byte(source)}
		e := New(Options{Templates: files})
		got, err := recovered(func() (string, error) {
			page, err := e.Bytes("snippet", data())
			return string(page), err
		})
		var want string
		var wantErr error
		for range 50 { // plush renders maps in a random order
			want, wantErr = recovered(func() (string, error) { return plushRenders(source, data()) })
			if (err == nil) == (wantErr == nil) && (err != nil || got == want) {
				return
			}
		}
		t.Errorf("%s\nplush %q, %v\nhere  %q, %v", source, want, wantErr, got, err)
	})
}

// recovered calls render. It returns a panic as an error, as Buffalo does, and removes
// pointers from the output.
func recovered(render func() (string, error)) (html string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	html, err = render()
	return pointers.ReplaceAllString(html, "0x"), err
}
