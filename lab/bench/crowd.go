package main

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// crowdSize is how many users log in at the same time, as after a power cut.
const crowdSize = 200

// crowd is the result of crowdSize logins on all cores.
type crowd struct {
	loggedIn, refused float64 // numbers of users; refused means 503
	peak              float64 // peak memory in MB
	pages99th         float64 // 99th percentile, in ms, of the page loads of other clients meanwhile
}

// crowdFigures returns the medians of three crowds.
func (b *bench) crowdFigures() ([]figure, error) {
	name := fmt.Sprintf("%d logins at once", crowdSize)
	figures := []figure{
		{name: name + ": logged in", unit: "users"},
		{name: name + ": refused for now (503)", unit: "users"},
		{name: name + ": peak memory", unit: "MB", target: 150, atMost: true},
		{name: name + ": other pages, 99th percentile", unit: "ms", target: 50, atMost: true},
	}
	for _, p := range b.programs {
		if p.source == "" { // not comparable: the plain server refuses no login, however many wait
			for i := range figures {
				figures[i].values = append(figures[i].values, math.NaN())
			}
			continue
		}
		var all [4][]float64
		for range 3 {
			c, err := p.measureCrowd()
			if err != nil {
				return nil, err
			}
			for i, v := range []float64{c.loggedIn, c.refused, c.peak, c.pages99th} {
				all[i] = append(all[i], v)
			}
		}
		for i := range figures {
			figures[i].values = append(figures[i].values, median(all[i]))
		}
	}
	return figures, nil
}

// measureCrowd logs crowdSize users in while two other clients load pages: one logged in,
// the other not.
func (p *program) measureCrowd() (c crowd, err error) {
	s, err := p.start("")
	if err != nil {
		return c, err
	}
	defer s.stop()
	cookies, err := s.logIn(0)
	if err != nil {
		return c, err
	}
	var (
		logins            sync.WaitGroup
		loggedIn, refused atomic.Int64
		failed            = make(chan error, crowdSize)
	)
	for n := range crowdSize {
		logins.Go(func() {
			switch status, err := s.loginStatus(n + 1); {
			case err != nil:
				failed <- err
			case status == "303":
				loggedIn.Add(1)
			case status == "503":
				refused.Add(1)
			default:
				failed <- fmt.Errorf("a login was answered by %s", status)
			}
		})
	}
	ended := make(chan struct{})
	go func() { logins.Wait(); close(ended) }()
	var latencies []time.Duration
	for running := true; running; {
		select {
		case <-ended:
			running = false
		default:
			m, err := load(s.addr, []request{get("/", cookies, "200"), get("/login", "", "200")}, 100*time.Millisecond)
			if err != nil {
				return c, err
			}
			latencies = append(latencies, m.latencies...)
		}
	}
	close(failed)
	if err := <-failed; err != nil {
		return c, err
	}
	c.loggedIn, c.refused = float64(loggedIn.Load()), float64(refused.Load())
	c.pages99th = milliseconds(percentile(latencies, 99))
	c.peak, err = s.memory("VmHWM")
	return c, err
}

// loginStatus sends the login form of an account and returns the status.
func (s *site) loginStatus(n int) (status string, err error) {
	c, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r := postLogin(account(n), clientIP(n), "")
	r.status = "" // any status is accepted
	header, err := c.send(r)
	if err != nil {
		return "", err
	}
	return string(header[9:12]), nil
}
