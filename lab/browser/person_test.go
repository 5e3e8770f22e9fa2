package browser

import "cmp"

// person is a user and the settings of the user's browser.
type person struct {
	language      string
	noScript      bool
	screen        screen
	userAgent     string
	ip            string
	looks         bool // see checks every page on several screens, and takes screenshots
	noisy         bool // noise does not fail the test
	wholeChromium bool // not the headless shell: for kept pages, hidden tabs and autofill
}

const (
	linuxChrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	iPhone      = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

// usual has the defaults.
var usual = person{language: "en-US", screen: wideLight, userAgent: linuxChrome, ip: "203.0.113.7"}

func (p person) orElse(other person) person {
	p.language = cmp.Or(p.language, other.language)
	p.screen = cmp.Or(p.screen, other.screen)
	p.userAgent = cmp.Or(p.userAgent, other.userAgent)
	p.ip = cmp.Or(p.ip, other.ip)
	return p
}
