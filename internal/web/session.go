package web

import "github.com/gobuffalo/buffalo"

// SessionText returns the text under key in Buffalo's session, or "".
func SessionText(c buffalo.Context, key string) string {
	text, _ := c.Session().Get(key).(string)
	return text
}

// Restorer returns a function to call after Buffalo's session was cleared for an owner. The
// function puts text back under key if text is not "" and isOf says that it is the owner's.
func Restorer[Owner any](key string, isOf func(text string, owner Owner) bool) func(c buffalo.Context, owner Owner, text string) {
	return func(c buffalo.Context, owner Owner, text string) {
		if text != "" && isOf(text, owner) {
			c.Session().Set(key, text)
		}
	}
}
