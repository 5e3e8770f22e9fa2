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

// world is what the database holds about a person.
type world struct {
	facts    facts
	email    string
	password string // "" if void
	loggedIn bool
	pending  string // the email to confirm, or ""
	changes  int    // listed so far
	left     []left // former emails, oldest first
	undoable []int  // the change from which on each "this wasn't me" link undoes
}

// left is an email and the change that left it.
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

// notice is the effect of a mail about what is no change.
func (w *world) notice(template string) {
	w.mailNotMe(template, w.changes+1)
}

// change is the effect of a change and its mail.
func (w *world) change(template string) {
	w.changes++
	w.mailNotMe(template, w.changes)
}

func (w *world) mailNotMe(template string, number int) {
	w.facts["mail "+template+" "+w.email]++
	w.undoable = append(w.undoable, number)
	w.facts["token undo"] = len(w.undoable)
}

// redeem is the effect of a link: it and those of later changes end.
func (w *world) redeem(number int) {
	w.undoable = slices.DeleteFunc(w.undoable, func(n int) bool { return n >= number })
	if w.facts["token undo"] = len(w.undoable); len(w.undoable) == 0 {
		delete(w.facts, "token undo")
	}
}

func (w *world) drop(prefix string) {
	maps.DeleteFunc(w.facts, func(fact string, _ int) bool { return strings.HasPrefix(fact, prefix) })
}

// person uses a browser. It takes one step at a time, so that a crash
// interrupts at most one.
type person struct {
	app     *app
	name    string
	cookies map[string]string
	world
	doing step    // the request in progress
	maybe []world // possible worlds if it gets no answer

	emails     int // used so far
	resets     int
	attempts   int // since the last success, in any bucket
	stuck      int // attempts that a crash interrupted: in flight for a while
	busy, gone bool
	told       map[string]int // answers by step
	cut        int            // requests that took effect unanswered
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

// clients numbers requests: each has its own client, to stay below the clients'
// rate limits.
var clients atomic.Uint32

// step is a request that changes something.
type step struct {
	name, method, path string
	form               url.Values
	halves             []func(*world) // effects of its earlier transactions
	effect             func(*world)   // effect once answered
	refused            bool           // expects 422
	password           bool           // is an attempt that counts until it is answered
	logsIn             bool           // the answer holds the session
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
