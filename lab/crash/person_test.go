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

// world is what the database should contain about a person.
type world struct {
	facts    facts
	email    string
	password string // "" if the account has none
	loggedIn bool
	pending  string // the email to confirm, or ""
	changes  int    // number of changes to the account so far
	left     []left // former emails, oldest first
	undoable []int  // for each "this wasn't me" link, the first change that it undoes
}

// left is a former email, and the number of the change that replaced it.
type left struct {
	email  string
	number int
}

// facts counts rows by kind.
type facts map[string]int

func (w world) clone() world {
	w.facts, w.left, w.undoable = maps.Clone(w.facts), slices.Clone(w.left), slices.Clone(w.undoable)
	return w
}

// notice has the effects of a mail about an event that changes nothing.
func (w *world) notice(template string) {
	w.mailNotMe(template, w.changes+1)
}

// change has the effects of a change and of the mail about it.
func (w *world) change(template string) {
	w.changes++
	w.mailNotMe(template, w.changes)
}

func (w *world) mailNotMe(template string, number int) {
	w.facts["mail "+template+" "+w.email]++
	w.undoable = append(w.undoable, number)
	w.facts["token undo"] = len(w.undoable)
}

// redeem has the effects of a "this wasn't me" link: the link and those of later changes
// stop working.
func (w *world) redeem(number int) {
	w.undoable = slices.DeleteFunc(w.undoable, func(n int) bool { return n >= number })
	if w.facts["token undo"] = len(w.undoable); len(w.undoable) == 0 {
		delete(w.facts, "token undo")
	}
}

func (w *world) drop(prefix string) {
	maps.DeleteFunc(w.facts, func(fact string, _ int) bool { return strings.HasPrefix(fact, prefix) })
}

// person is a user with a browser. A person takes one step at a time, so that a crash
// interrupts at most one.
type person struct {
	app     *app
	name    string
	cookies map[string]string
	world
	doing step    // the request in progress
	maybe []world // the possible worlds if the request gets no answer

	emails     int // number of emails used so far
	resets     int
	attempts   int // since the last success, in any bucket
	stuck      int // attempts that a crash interrupted: they stay in flight for a while
	busy, gone bool
	told       map[string]int // number of answers, by step
	cut        int            // number of requests that took effect but got no answer
}

func newPerson(a *app, n int) *person {
	p := &person{app: a, name: fmt.Sprintf("p%d", n), cookies: map[string]string{}, busy: true, told: map[string]int{}}
	p.world = world{facts: facts{}, email: p.newEmail()}
	return p
}

func (p *person) newEmail() string {
	p.emails++
	return p.nthEmail(p.emails)
}

func (p *person) nthEmail(n int) string { return fmt.Sprintf("%s.%d@example.com", p.name, n) }

func newPassword() string { return fmt.Sprintf("four random words and %d", rand.Uint64()) }

// clients numbers the requests. Each comes from another client, so that no client
// exceeds its rate limits.
var clients atomic.Uint32

// step is a request that changes something.
type step struct {
	name, method, path string
	form               url.Values
	halves             []func(*world) // the effects of earlier transactions of the request
	effect             func(*world)   // the effect of the whole request
	refused            bool           // the answer must be 422
	password           bool           // the request is an attempt, which counts until it is answered
	logsIn             bool           // the answer has the session cookie
}

// do sends the request. It returns false if the app was killed.
func (p *person) do(s step) bool {
	for _, effect := range append(s.halves, s.effect) {
		w := p.world.clone()
		effect(&w)
		p.maybe = append(p.maybe, w)
	}
	p.doing = s
	if s.password {
		p.attempts++
	}
	status, ok := p.send(s.method, s.path, s.form)
	if !ok {
		if s.password {
			p.stuck++
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
	p.world, p.maybe = p.maybe[len(p.maybe)-1], nil
	p.told[s.name]++
	select {
	case p.app.answered <- struct{}{}:
	default: // the app is about to be killed
	}
	if s.password && !s.refused {
		p.attempts = p.stuck
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
