package cluster

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// load requests pages and submits forms all the time, logged in and not, through nginx.
// nginx does not retry forms.
type load struct {
	cluster *cluster
	stopped chan struct{}
	clients sync.WaitGroup

	lock        sync.Mutex
	good        int       // number of expected responses
	unavailable int       // number of 503s
	failures    []failure // unexpected responses, including the 503s
}

// failure is a request with an unexpected response.
type failure struct {
	began, ended time.Time
	text         string
}

func (f failure) String() string { return f.began.Format("15:04:05.000 ") + f.text }

// step is a request and its expected response.
type step struct {
	browser      *browser
	method, path string
	form         url.Values
	status       int
	page         string // a text on the page
}

func (c *cluster) startLoad(emails ...string) *load {
	c.t.Helper()
	l := &load{cluster: c, stopped: make(chan struct{})}
	c.t.Cleanup(l.end)
	for _, email := range append(emails, emails...) { // two sessions each
		user, guest := c.browser(), c.browser()
		if a := user.logIn(email, password); a.status != http.StatusSeeOther {
			c.t.Fatalf("%s cannot log in: %d", email, a.status)
		}
		l.clients.Go(func() {
			l.repeat(
				step{browser: user, method: "GET", path: "/", status: http.StatusOK, page: email},
				step{browser: user, method: "POST", path: "/account/language", form: url.Values{"_method": {"PUT"}, "language": {"en-US"}}, status: http.StatusSeeOther},
				step{browser: guest, method: "GET", path: "/login", status: http.StatusOK, page: "<form"},
				step{browser: guest, method: "POST", path: "/logout", form: url.Values{"_method": {"DELETE"}}, status: http.StatusSeeOther},
			)
		})
	}
	l.await(20)
	return l
}

func (l *load) repeat(steps ...step) {
	for n := 0; ; n++ {
		select {
		case <-l.stopped:
			return
		default:
			l.take(steps[n%len(steps)])
		}
	}
}

func (l *load) take(s step) {
	began := time.Now()
	a, err := s.browser.try(s.method, s.path, s.form)
	f := failure{began: began, ended: time.Now(), text: "503"}
	l.lock.Lock()
	defer l.lock.Unlock()
	switch {
	case err != nil:
		f.text = fmt.Sprintf("%s %s: %v", s.method, s.path, err)
	case a.status == http.StatusServiceUnavailable:
		l.unavailable++
	case a.status != s.status || !strings.Contains(a.page, s.page):
		f.text = fmt.Sprintf("%s %s: %d %s", s.method, s.path, a.status, a.location)
	default:
		l.good++
		return
	}
	l.failures = append(l.failures, f)
}

// await waits for a number of further good responses.
func (l *load) await(more int) {
	l.cluster.t.Helper()
	enough := l.read(&l.good) + more
	eventually(l.cluster.t, func() bool { return l.read(&l.good) >= enough }, "the cluster does not answer as expected")
}

// read returns a number that the clients change.
func (l *load) read(n *int) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return *n
}

func (l *load) end() {
	select {
	case <-l.stopped:
	default:
		close(l.stopped)
	}
	l.clients.Wait()
}

// failuresWhere returns the failures that have a property. Call end first.
func (l *load) failuresWhere(has func(failure) bool) (list []failure) {
	for _, f := range l.failures {
		if has(f) {
			list = append(list, f)
		}
	}
	return list
}

func (l *load) failuresAfter(start time.Time) []failure {
	return l.failuresWhere(func(f failure) bool { return f.began.After(start) })
}

func (l *load) failuresOutside(start, end time.Time) []failure {
	return l.failuresWhere(func(f failure) bool { return f.ended.Before(start) || f.began.After(end) })
}

func (l *load) failuresExcept503() []failure {
	return l.failuresWhere(func(f failure) bool { return f.text != "503" })
}
