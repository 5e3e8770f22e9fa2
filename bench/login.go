package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
)

// atOnce is how many people log in at the same moment, as after a power cut.
const atOnce = 200

// login measures logins against the bare hash on the same core, and what a
// crowd that logs in at once does to memory and to everybody else's pages.
func (b *bench) login() ([]figure, error) {
	bare, ours, plain, err := b.logins()
	if err != nil {
		return nil, err
	}
	crowd, err := b.crowd()
	if err != nil {
		return nil, err
	}
	return append([]figure{
		{"logins", ours, plain, "/s", 0, false},
		{"the bare hash", bare, 0, "/s", 0, false},
		{"logins to bare hashes", ours / bare * 100, plain / bare * 100, "%", 85, false},
	}, crowd...), nil
}

// logins is how many passwords the server's core verifies a second with nothing
// around it, and how many people each server lets in, when four always wait.
func (b *bench) logins() (bare, ours, plain float64, err error) {
	corral, err := b.fourLogIn(b.corral)
	if err != nil {
		return 0, 0, 0, err
	}
	defer corral.site.stop()
	hand, err := b.fourLogIn(b.plain)
	if err != nil {
		return 0, 0, 0, err
	}
	defer hand.site.stop()
	err = inTurns(b.each, func(d time.Duration) error {
		perSecond, err := bareHashes(d)
		bare += perSecond / turns
		return err
	}, corral.run, hand.run)
	return bare, corral.perSecond(), hand.perSecond(), err
}

// loginLoad is people who log in, each again and again, and how many did.
type loginLoad struct {
	site *site
	sent []request
	measured
}

func (b *bench) fourLogIn(binary string) (*loginLoad, error) {
	s, err := start(serverCore, binary, b.dir)
	l := &loginLoad{site: s}
	for n := range 4 {
		l.sent = append(l.sent, postLogin(account(n), address(n), ""))
	}
	return l, err
}

// run lets them, and then waits for what a server puts off until it has nothing
// else to do.
func (l *loginLoad) run(d time.Duration) error {
	m, err := load(l.site.addr, l.sent, d)
	l.add(m)
	time.Sleep(min(d, 2*time.Second))
	return err
}

// bareHashes verifies passwords in a process of its own, on the server's core.
func bareHashes(d time.Duration) (perSecond float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := pinned(serverCore, self, "-hashes", d.String()).Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

func printHashes(d time.Duration) error {
	digest, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 19456, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		return err
	}
	n, began := 0, time.Now()
	for ; time.Since(began) < d; n++ {
		if _, err := argon2id.ComparePasswordAndHash(password, digest); err != nil {
			return err
		}
	}
	fmt.Println(float64(n) / time.Since(began).Seconds())
	return nil
}

// crowd lets many people log in at once while others go on reading, on all cores.
func (b *bench) crowd() ([]figure, error) {
	s, err := start("", b.corral, b.dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	cookies, err := s.logIn(0)
	if err != nil {
		return nil, err
	}
	var (
		wait           sync.WaitGroup
		answered, busy atomic.Int64
		failed         = make(chan error, atOnce)
	)
	began := time.Now()
	for n := range atOnce {
		wait.Go(func() {
			switch status, err := s.tryLogin(n + 1); {
			case err != nil:
				failed <- err
			case status == "303":
				answered.Add(1)
			case status == "503":
				busy.Add(1)
			default:
				failed <- fmt.Errorf("a login was answered by %s", status)
			}
		})
	}
	ended := make(chan time.Duration, 1)
	go func() { wait.Wait(); ended <- time.Since(began) }()
	var waits []time.Duration
	for crowd := time.Duration(0); crowd == 0; {
		select {
		case crowd = <-ended:
		default:
			m, err := load(s.addr, []request{get("/", cookies, "200"), get("/login", "", "200")}, 100*time.Millisecond)
			if err != nil {
				return nil, err
			}
			waits = append(waits, m.waits...)
		}
	}
	close(failed)
	if err := errors.Join(<-failed); err != nil {
		return nil, err
	}
	peak, err := s.memory("VmHWM")
	if err != nil {
		return nil, err
	}
	return []figure{
		{fmt.Sprintf("%d logins at once: let in", atOnce), float64(answered.Load()), 0, "people", 0, false},
		{fmt.Sprintf("%d logins at once: asked to come back (503)", atOnce), float64(busy.Load()), 0, "people", 0, false},
		{fmt.Sprintf("%d logins at once: peak memory", atOnce), peak, 0, "MB", 150, true},
		{fmt.Sprintf("%d logins at once: other pages, 99th percentile", atOnce), milliseconds(percentile(waits, 99)), 0, "ms", 50, true},
	}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tryLogin logs an account in and returns the status of the answer.
func (s *site) tryLogin(n int) (status string, err error) {
	c, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r := postLogin(account(n), address(n), "")
	r.status = "" // any
	header, err := c.send(r)
	if err != nil {
		return "", err
	}
	return string(header[9:12]), nil
}
