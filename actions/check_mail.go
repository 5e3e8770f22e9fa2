package actions

import (
	"net/http"
	"strings"

	"github.com/gobuffalo/buffalo"
)

// What the session holds of a mail that was asked for.
const (
	mailedToKey  = "mailed_to"  // the address just typed, for one page
	mailedForKey = "mailed_for" // so that it can be asked for again after a reload
)

// askToCheckMail leads to the page that says what to do next. It is the same
// whether or not anything was sent.
func askToCheckMail(c buffalo.Context, typed, request string) error {
	c.Session().Set(mailedToKey, shown(strings.TrimSpace(typed)))
	c.Session().Set(mailedForKey, request)
	return c.Redirect(http.StatusSeeOther, "/check-mail")
}

// CheckMailShow is GET /check-mail: what was sent where, how long it lasts, and
// what to do when nothing comes.
func CheckMailShow(c buffalo.Context) error {
	to, _ := c.Session().GetOnce(mailedToKey).(string)
	request, _ := c.Session().Get(mailedForKey).(string)
	if request == "signup" && !configOf(c).SignupOpen {
		to, request = "", "" // it was open when the mail was asked for
	}
	c.Set("title", "check_mail.title")
	c.Set("to", to)
	c.Set("asked_for", request)
	c.Set("again", map[string]string{"signup": "/signup", "password_forgot": "/password/forgot"}[request])
	c.Set("meant", likelyMeant(to))
	return c.Render(http.StatusOK, r.HTML("check_mail/show.plush.html"))
}

// mailDomains are those that people mistype the most, for there are so many of them.
var mailDomains = []string{
	"gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "live.com", "yahoo.com", "icloud.com",
	"aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de",
	"orange.fr", "free.fr", "yahoo.co.jp", "uol.com.br", "fastmail.com",
}

// likelyMeant is the address that was probably meant, or "". It goes by what
// was typed alone, so it tells nothing about accounts.
func likelyMeant(typed string) string {
	local, domain, ok := strings.Cut(strings.ToLower(typed), "@")
	if !ok {
		return ""
	}
	best, nearest := "", 3
	for _, known := range mailDomains {
		switch d := distance(domain, known); {
		case d == 0:
			return ""
		case d < nearest && len(known) > 4*d: // aol.com is two letters from many
			best, nearest = local+"@"+known, d
		}
	}
	return best
}

// distance is the number of letters to add, drop, change or swap to make b of a
// (optimal string alignment).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
