package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/alexedwards/argon2id"
)

// login compares logins with the password hash alone, on the same core. It also
// measures how crowdSize simultaneous logins affect memory and other pages.
func (b *bench) login() ([]figure, error) {
	figures, err := b.logins()
	if err != nil {
		return nil, err
	}
	more, err := b.crowdFigures()
	return append(figures, more...), err
}

// logins measures four logins at a time, in unknown and in known browsers. The server
// mails users about logins in unknown browsers.
func (b *bench) logins() ([]figure, error) {
	bare := &hashes{}
	runs := []func(time.Duration) error{bare.run}
	var unknown, known []*loginLoad // by program
	for _, p := range b.programs {
		s, err := p.start(serverCore)
		if err != nil {
			return nil, err
		}
		defer s.stop()
		unknown, known = append(unknown, s.fourUsers()), append(known, nil)
		last := len(known) - 1
		runs = append(runs, unknown[last].run)
		if known[last] = unknown[last]; p.source != "" { // the plain server knows no browsers
			if known[last], err = s.fourInKnownBrowsers(); err != nil {
				return nil, err
			}
			runs = append(runs, known[last].run)
		}
	}
	if err := inTurns(b.each, runs...); err != nil {
		return nil, err
	}
	figures := []figure{
		{name: "the bare hash", values: []float64{median(bare.speeds)}, unit: "/s"},
		{name: "the bare hash, CPU", values: []float64{median(bare.costs)}, unit: "ms", atMost: true},
	}
	for _, kind := range []struct {
		name  string
		loads []*loginLoad
	}{{"each in a new browser", unknown}, {"in a known browser", known}} {
		speed := figure{name: "logins, " + kind.name, unit: "/s"}
		cost := figure{name: "login, " + kind.name + ", CPU", unit: "ms", atMost: true}
		share := figure{name: "hash's share of the CPU", unit: "%", target: 85}
		for _, l := range kind.loads {
			speed.values, cost.values = append(speed.values, median(l.speeds)), append(cost.values, median(l.costs))
			share.values = append(share.values, median(bare.costs)/median(l.costs)*100)
		}
		figures = append(figures, speed, cost, share)
	}
	return figures, nil
}

// loginLoad repeats the logins of several users. It holds the results of each turn.
type loginLoad struct {
	site     *site
	requests []request
	speeds   []float64 // logins a second
	costs    []float64 // CPU milliseconds a login
}

// fourUsers returns a load of four users in unknown browsers.
func (s *site) fourUsers() *loginLoad {
	l := &loginLoad{site: s}
	for n := range 4 {
		l.requests = append(l.requests, postLogin(account(n), clientIP(n), ""))
	}
	return l
}

// fourInKnownBrowsers returns a load of four users with device cookies.
func (s *site) fourInKnownBrowsers() (*loginLoad, error) {
	l := &loginLoad{site: s}
	for n := range 4 {
		cookies, err := s.logIn(n)
		if err != nil {
			return nil, err
		}
		for cookie := range strings.SplitSeq(cookies, "; ") {
			if strings.Contains(cookie, "device=") {
				l.requests = append(l.requests, postLogin(account(n), clientIP(n), cookie))
			}
		}
	}
	if len(l.requests) != 4 {
		return nil, fmt.Errorf("%d of 4 logins set a device cookie", len(l.requests))
	}
	return l, nil
}

// run runs the load for d. The costs include the CPU time of work that the server does
// after the logins.
func (l *loginLoad) run(d time.Duration) error {
	before, err := l.site.cpu()
	if err != nil {
		return err
	}
	m, err := load(l.site.addr, l.requests, d)
	if err != nil {
		return err
	}
	time.Sleep(min(d, 2*time.Second))
	after, err := l.site.cpu()
	l.speeds = append(l.speeds, m.perSecond())
	l.costs = append(l.costs, milliseconds(after-before)/float64(m.requests))
	return err
}

// hashes verifies passwords in a separate process on the server's core.
type hashes struct{ speeds, costs []float64 }

func (h *hashes) run(d time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := pinned(serverCore, self, "-hashes", d.String()).Output()
	if err != nil {
		return err
	}
	var speed, cost float64
	if _, err := fmt.Sscan(string(out), &speed, &cost); err != nil {
		return err
	}
	h.speeds, h.costs = append(h.speeds, speed), append(h.costs, cost)
	return nil
}

// printHashes verifies passwords for d. It prints the number of hashes a second, and
// the CPU time of a hash in milliseconds.
func printHashes(d time.Duration) error {
	digest, err := argon2id.CreateHash(password, &params)
	if err != nil {
		return err
	}
	n, began, before := 0, time.Now(), ownCPU()
	for ; time.Since(began) < d; n++ {
		if _, err := argon2id.ComparePasswordAndHash(password, digest); err != nil {
			return err
		}
	}
	fmt.Println(float64(n)/time.Since(began).Seconds(), milliseconds(ownCPU()-before)/float64(n))
	return nil
}

func ownCPU() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used) // cannot fail
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
