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
	l, err := b.logins()
	if err != nil {
		return nil, err
	}
	crowd, err := b.crowd()
	if err != nil {
		return nil, err
	}
	return append([]figure{
		{"logins, each in a new browser", l.unknown, l.plain, "/s", 0, false},
		{"logins in a known browser", l.known, l.plain, "/s", 0, false},
		{"the bare hash", l.bare, 0, "/s", 0, false},
		{"logins to bare hashes, each in a new browser", l.unknown / l.bare * 100, l.plain / l.bare * 100, "%", 85, false},
		{"logins to bare hashes, in a known browser", l.known / l.bare * 100, l.plain / l.bare * 100, "%", 85, false},
	}, crowd...), nil
}

// perSecond are passwords that the server's core verifies with nothing around it,
// and people whom a server lets in, when four always wait. A new browser is told
// of by mail.
type perSecond struct{ bare, unknown, known, plain float64 }

func (b *bench) logins() (l perSecond, err error) {
	corral, err := start(serverCore, b.corral, b.dir)
	if err != nil {
		return l, err
	}
	defer corral.stop()
	hand, err := start(serverCore, b.plain, b.dir)
	if err != nil {
		return l, err
	}
	defer hand.stop()
	known, err := corral.fourInKnownBrowsers()
	if err != nil {
		return l, err
	}
	unknown, plain := corral.four(), hand.four()
	err = inTurns(b.each, func(d time.Duration) error {
		n, err := bareHashes(d)
		l.bare += n / turns
		return err
	}, unknown.run, known.run, plain.run)
	l.unknown, l.known, l.plain = unknown.perSecond(), known.perSecond(), plain.perSecond()
	return l, err
}

// loginLoad is people who log in, each again and again, and how many did.
type loginLoad struct {
	site *site
	sent []request
	measured
}

func (s *site) four() *loginLoad {
	l := &loginLoad{site: s}
	for n := range 4 {
		l.sent = append(l.sent, postLogin(account(n), address(n), ""))
	}
	return l
}

// fourInKnownBrowsers have logged in before, and out.
func (s *site) fourInKnownBrowsers() (*loginLoad, error) {
	l := &loginLoad{site: s}
	for n := range 4 {
		cookies, err := s.logIn(n)
		if err != nil {
			return nil, err
		}
		for cookie := range strings.SplitSeq(cookies, "; ") {
			if strings.Contains(cookie, "device=") {
				l.sent = append(l.sent, postLogin(account(n), address(n), cookie))
			}
		}
	}
	return l, nil
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
