package main

import "time"

// connections is the number that wrk used when the targets were set.
const connections = 32

// pages measures the requests a second and the CPU time of pages.
func (b *bench) pages() ([]figure, error) {
	var home, welcome, login []*pageLoad // by program
	var runs []func(time.Duration) error
	for _, p := range b.programs {
		v, err := p.visit()
		if err != nil {
			return nil, err
		}
		defer v.stop()
		home = append(home, v.page("/"))
		login = append(login, v.page("/login"))
		welcome = append(welcome, login[len(login)-1]) // the plain server has no other page
		if p.source != "" {
			welcome[len(welcome)-1] = v.page("/welcome")
			runs = append(runs, welcome[len(welcome)-1].run)
		}
		runs = append(runs, home[len(home)-1].run, login[len(login)-1].run)
	}
	if err := inTurns(b.each, runs...); err != nil {
		return nil, err
	}
	figuresOf := func(name string, loads []*pageLoad, minSpeed, maxCost float64) []figure {
		speed := figure{name: "GET " + name, unit: "req/s", target: minSpeed}
		cost := figure{name: "GET " + name + ", CPU", unit: "µs", target: maxCost, atMost: true}
		for _, l := range loads {
			speed.values = append(speed.values, median(l.speeds))
			cost.values = append(cost.values, median(l.costs))
		}
		return []figure{speed, cost}
	}
	figures := figuresOf("/ logged in", home, 10_000, 100)
	figures = append(figures, figuresOf("/welcome anonymous", welcome, 25_000, 0)...)
	return append(figures, figuresOf("/login anonymous", login, 25_000, 0)...), nil
}

// visit is a running server, and the cookies of a user who is logged in to it.
type visit struct {
	*site
	cookies string
}

// visit starts a program on the server's core, and logs in to it.
func (p *program) visit() (*visit, error) {
	s, err := p.start(serverCore)
	if err != nil {
		return nil, err
	}
	cookies, err := s.logIn(1)
	if err != nil {
		s.stop()
		return nil, err
	}
	return &visit{s, cookies}, nil
}

// page returns a load of one page. The page / is requested by a logged-in user.
func (v *visit) page(path string) *pageLoad {
	cookies := ""
	if path == "/" {
		cookies = v.cookies
	}
	p := &pageLoad{site: v.site}
	for range connections {
		p.requests = append(p.requests, get(path, cookies, "200"))
	}
	return p
}

// pageLoad requests a page. It holds the results of each turn.
type pageLoad struct {
	site     *site
	requests []request
	speeds   []float64 // requests a second
	costs    []float64 // CPU microseconds a request
}

// run loads the page for d, after a warm-up.
func (p *pageLoad) run(d time.Duration) error {
	if _, err := load(p.site.addr, p.requests, d/5); err != nil {
		return err
	}
	before, err := p.site.cpu()
	if err != nil {
		return err
	}
	m, err := load(p.site.addr, p.requests, d)
	if err != nil {
		return err
	}
	after, err := p.site.cpu()
	p.speeds = append(p.speeds, m.perSecond())
	p.costs = append(p.costs, microseconds(after-before)/float64(m.requests))
	return err
}
