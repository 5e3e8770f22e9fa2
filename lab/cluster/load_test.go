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
	all     sync.WaitGroup

	lock        sync.Mutex
	good        int
	unavailable int
	failures    []failure
}

// failure is a request with an unexpected response.
type failure struct {
	began, ended time.Time
	what         string
}

func (f failure) String() string { return f.began.Format("15:04:05.000 ") + f.what }

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
	for _, email := range append(emails, emails...) {
		person, stranger := c.browser(), c.browser()
		if a := person.logIn(email, password); a.status != http.StatusSeeOther {
			c.t.Fatalf("%s cannot log in: %d", email, a.status)
		}
		l.all.Go(func() {
			l.repeat(
				step{person, "GET", "/", nil, http.StatusOK, email},
				step{person, "POST", "/account/language", url.Values{"_method": {"PUT"}, "language": {"en-US"}}, http.StatusSeeOther, ""},
				step{stranger, "GET", "/login", nil, http.StatusOK, "<form"},
				step{stranger, "POST", "/logout", url.Values{"_method": {"DELETE"}}, http.StatusSeeOther, ""},
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
	ended := time.Now()
	l.lock.Lock()
	defer l.lock.Unlock()
	switch {
	case err != nil:
		l.failures = append(l.failures, failure{began, ended, fmt.Sprintf("%s %s: %v", s.method, s.path, err)})
	case a.status == http.StatusServiceUnavailable:
		l.unavailable++
		l.failures = append(l.failures, failure{began, ended, "503"})
	case a.status != s.status || !strings.Contains(a.page, s.page):
		l.failures = append(l.failures, failure{began, ended, fmt.Sprintf("%s %s: %d %s", s.method, s.path, a.status, a.location)})
	default:
		l.good++
	}
}

// await waits for a number of further good responses.
func (l *load) await(more int) {
	l.cluster.t.Helper()
	enough := l.counted(&l.good) + more
	eventually(l.cluster.t, func() bool { return l.counted(&l.good) >= enough }, "the site does not answer as it should")
}

func (l *load) counted(n *int) int {
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
	l.all.Wait()
}

func (l *load) since(then time.Time) (list []failure) {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, f := range l.failures {
		if f.began.After(then) {
			list = append(list, f)
		}
	}
	return list
}

func (l *load) outside(from, to time.Time) (list []failure) {
	for _, f := range l.since(time.Time{}) {
		if f.ended.Before(from) || f.began.After(to) {
			list = append(list, f)
		}
	}
	return list
}

func (l *load) otherThan503() (list []failure) {
	for _, f := range l.since(time.Time{}) {
		if f.what != "503" {
			list = append(list, f)
		}
	}
	return list
}
