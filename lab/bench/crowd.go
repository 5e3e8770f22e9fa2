package main

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// atOnce is how many users log in at the same time, as after a power cut.
const atOnce = 200

// crowd is the result of atOnce logins on all cores.
type crowd struct {
	loggedIn, refused float64 // numbers of users; refused means 503
	peak              float64 // peak memory in MB
	slowest           float64 // 99th percentile, in ms, of the pages of other users at that time
}

func (b *bench) crowds() ([]figure, error) {
	name := fmt.Sprintf("%d logins at once", atOnce)
	figures := []figure{
		{name + ": logged in", nil, "users", 0, false},
		{name + ": refused for now (503)", nil, "users", 0, false},
		{name + ": peak memory", nil, "MB", 150, true},
		{name + ": other pages, 99th percentile", nil, "ms", 50, true},
	}
	for _, p := range b.programs {
		if p.source == "" {
			for i := range figures {
				figures[i].values = append(figures[i].values, math.NaN())
			}
			continue
		}
		var all [4][]float64
		for range 3 {
			c, err := p.crowd()
			if err != nil {
				return nil, err
			}
			for i, v := range []float64{c.loggedIn, c.refused, c.peak, c.slowest} {
				all[i] = append(all[i], v)
			}
		}
		for i := range figures {
			figures[i].values = append(figures[i].values, median(all[i]))
		}
	}
	return figures, nil
}

// crowd logs atOnce users in while other users load pages.
func (p *program) crowd() (c crowd, err error) {
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
		wait              sync.WaitGroup
		loggedIn, refused atomic.Int64
		failed            = make(chan error, atOnce)
	)
	for n := range atOnce {
		wait.Go(func() {
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
	go func() { wait.Wait(); close(ended) }()
	var waits []time.Duration
	for running := true; running; {
		select {
		case <-ended:
			running = false
		default:
			m, err := load(s.addr, []request{get("/", cookies, "200"), get("/login", "", "200")}, 100*time.Millisecond)
			if err != nil {
				return c, err
			}
			waits = append(waits, m.waits...)
		}
	}
	close(failed)
	if err := <-failed; err != nil {
		return c, err
	}
	c.loggedIn, c.refused = float64(loggedIn.Load()), float64(refused.Load())
	c.slowest = milliseconds(percentile(waits, 99))
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
