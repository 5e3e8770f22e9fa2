package main

import "time"

// connections are as many as wrk's 32, with which the targets were set.
const connections = 32

// pages measures what a page costs, in requests a second and in time of the core.
func (b *bench) pages() ([]figure, error) {
	ours, err := b.open(b.corral)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	plain, err := b.open(b.plain)
	if err != nil {
		return nil, err
	}
	defer plain.stop()
	home, welcome, login := ours.page("/"), ours.page("/welcome"), ours.page("/login")
	plainHome, plainLogin := plain.page("/"), plain.page("/login")
	if err := inTurns(b.each, home.run, plainHome.run, welcome.run, login.run, plainLogin.run); err != nil {
		return nil, err
	}
	list := func(name string, ours, plain *pageLoad, least, most float64) []figure {
		return []figure{
			{"GET " + name, ours.perSecond(), plain.perSecond(), "req/s", least, false},
			{"GET " + name + ", CPU", ours.perRequest(), plain.perRequest(), "µs", most, true},
		}
	}
	var figures []figure
	figures = append(figures, list("/ signed in", home, plainHome, 10_000, 100)...)
	figures = append(figures, list("/welcome anonymous", welcome, plainLogin, 25_000, 0)...)
	figures = append(figures, list("/login anonymous", login, plainLogin, 25_000, 0)...)
	return figures, nil
}

// visited is a server with the cookies of somebody who is signed in there.
type visited struct {
	*site
	cookies string
}

func (b *bench) open(binary string) (*visited, error) {
	s, err := start(serverCore, binary, b.dir)
	if err != nil {
		return nil, err
	}
	cookies, err := s.logIn(1)
	if err != nil {
		s.stop()
		return nil, err
	}
	return &visited{s, cookies}, nil
}

// page is a load of one page; / is asked for by somebody who is signed in.
func (v *visited) page(path string) *pageLoad {
	cookies := ""
	if path == "/" {
		cookies = v.cookies
	}
	p := &pageLoad{site: v.site}
	for range connections {
		p.sent = append(p.sent, get(path, cookies, "200"))
	}
	return p
}

// pageLoad is the load of a page, and what it has shown.
type pageLoad struct {
	site *site
	sent []request
	measured
	cpu time.Duration
}

// run loads the page for d, after a while that does not count.
func (p *pageLoad) run(d time.Duration) error {
	if _, err := load(p.site.addr, p.sent, d/5); err != nil {
		return err
	}
	before, err := p.site.cpu()
	if err != nil {
		return err
	}
	m, err := load(p.site.addr, p.sent, d)
	if err != nil {
		return err
	}
	after, err := p.site.cpu()
	p.add(m)
	p.cpu += after - before
	return err
}

// perRequest is microseconds of the core.
func (p *pageLoad) perRequest() float64 {
	return float64(p.cpu) / float64(time.Microsecond) / float64(p.requests)
}
