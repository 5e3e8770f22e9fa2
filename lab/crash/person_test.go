package crash

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// state is what the database should contain about a person.
type state struct {
	facts    facts
	email    string
	password string // "" if the account has none
	loggedIn bool
	pending  string        // the email to confirm, or ""
	changes  int           // number of changes to the account so far
	former   []formerEmail // oldest first
	undoable []int         // for each "this wasn't me" link, the first change that it undoes
}

// formerEmail is an email, and the number of the change that replaced it.
type formerEmail struct {
	email  string
	change int
}

// facts counts rows by kind.
type facts map[string]int

func (s state) clone() state {
	s.facts, s.former, s.undoable = maps.Clone(s.facts), slices.Clone(s.former), slices.Clone(s.undoable)
	return s
}

// notice has the effects of a mail about an event that changes nothing.
func (s *state) notice(template string) {
	s.mailNotMe(template, s.changes+1)
}

// change has the effects of a change and of the mail about it.
func (s *state) change(template string) {
	s.changes++
	s.mailNotMe(template, s.changes)
}

func (s *state) mailNotMe(template string, number int) {
	s.facts["mail "+template+" "+s.email]++
	s.undoable = append(s.undoable, number)
	s.facts["token undo"] = len(s.undoable)
}

// redeem has the effects of a "this wasn't me" link that undoes the change of that number:
// this link and the links of later changes stop working.
func (s *state) redeem(number int) {
	s.undoable = slices.DeleteFunc(s.undoable, func(n int) bool { return n >= number })
	if s.facts["token undo"] = len(s.undoable); len(s.undoable) == 0 {
		delete(s.facts, "token undo")
	}
}

func (s *state) drop(prefix string) {
	maps.DeleteFunc(s.facts, func(fact string, _ int) bool { return strings.HasPrefix(fact, prefix) })
}

// person is a user with a browser. A person takes one step at a time, so that a crash
// interrupts at most one step.
type person struct {
	app     *app
	name    string
	cookies map[string]string
	state
	current  step    // the request in progress
	possible []state // the possible states if the request gets no answer

	emails      int            // number of emails used so far
	resets      int            // number of resets requested, including those of undone changes
	attempts    int            // number of attempts since the last success, in any bucket
	interrupted int            // number of attempts that a crash interrupted: they stay pending for a while
	busy        bool           // takes steps until the next crash
	gone        bool           // takes no more steps, for example because the account is deleted
	answers     map[string]int // number of answers, by step
	unanswered  int            // number of requests that took effect but got no answer
}

func newPerson(a *app, n int) *person {
	p := &person{app: a, name: fmt.Sprintf("p%d", n), cookies: map[string]string{}, busy: true, answers: map[string]int{}}
	p.state = state{facts: facts{}, email: p.newEmail()}
	return p
}

func (p *person) newEmail() string {
	p.emails++
	return p.nthEmail(p.emails)
}

func (p *person) nthEmail(n int) string { return fmt.Sprintf("%s.%d@example.com", p.name, n) }

func newPassword() string { return fmt.Sprintf("four random words and %d", rand.Uint64()) }

// clients is the number of requests so far. Each comes from another client IP, so that no
// client exceeds its rate limits.
var clients atomic.Uint32

// step is a request that changes something.
type step struct {
	name, method, path string
	form               url.Values
	partial            []func(*state) // the effects of the request if a crash prevents its later transactions
	effect             func(*state)   // the effect of the whole request
	refused            bool           // the answer must be 422
	password           bool           // the request is an attempt, which counts until it is answered
	logsIn             bool           // the answer has the session cookie
}

// do sends the request. It returns false if the app was killed.
func (p *person) do(s step) bool {
	for _, effect := range append(s.partial, s.effect) {
		after := p.state.clone()
		effect(&after)
		p.possible = append(p.possible, after)
	}
	p.current = s
	if s.password {
		p.attempts++
	}
	status, ok := p.send(s.method, s.path, s.form)
	if !ok {
		if s.password {
			p.interrupted++
		}
		return false
	}
	want := http.StatusSeeOther
	if s.refused {
		want = http.StatusUnprocessableEntity
	}
	if status != want {
		panic(fmt.Sprintf("%s: %s was answered with %d", p.name, s.name, status))
	}
	p.state, p.possible = p.possible[len(p.possible)-1], nil
	p.answers[s.name]++
	select {
	case p.app.answered <- struct{}{}:
	default: // the app is about to be killed
	}
	if s.password && !s.refused {
		p.attempts = p.interrupted
	}
	return true
}

// follow opens a mailed link, which puts its token into the session cookie.
func (p *person) follow(path, template, recipient string) bool {
	status, ok := p.send("GET", path+p.app.token(template, recipient), nil)
	if ok && status != http.StatusFound {
		panic(fmt.Sprintf("%s: the link of %s was answered with %d", p.name, template, status))
	}
	return ok
}

func (p *person) send(method, path string, form url.Values) (status int, ok bool) {
	if method != "GET" {
		form.Set("_method", method)
		method = "POST"
	}
	req, err := http.NewRequest(method, p.app.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	n := clients.Add(1)
	req.Host = "corral.example"
	req.Header.Set("X-Forwarded-For", netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}).String())
	req.Header.Set("X-Forwarded-Proto", "https")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range p.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := transport.RoundTrip(req)
	if err != nil && !p.app.killed.Load() {
		panic(err)
	}
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	for _, cookie := range res.Cookies() {
		if p.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(p.cookies, cookie.Name)
		}
	}
	io.Copy(io.Discard, res.Body)
	return res.StatusCode, true
}

// transport reuses no connection: a retried request could take effect twice.
var transport = &http.Transport{DisableKeepAlives: true}
