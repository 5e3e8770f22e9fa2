package web

import "github.com/gobuffalo/buffalo"

// Restorer returns a function that puts the text of a key back into Buffalo's session,
// after the session was cleared for an owner, if the text is the owner's. The text "" has no
// owner.
func Restorer[Owner any](key string, isOf func(text string, owner Owner) bool) func(c buffalo.Context, owner Owner, text string) {
	return func(c buffalo.Context, owner Owner, text string) {
		if text != "" && isOf(text, owner) {
			c.Session().Set(key, text)
		}
	}
}
