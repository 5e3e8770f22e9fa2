package main

import (
	"fmt"
	"time"
)

// connections are as many as wrk's 32, with which the targets were set.
const connections = 32

// pages measures what a page costs, in requests a second and in time of the core.
func (b *bench) pages() ([]figure, error) {
	ours, err := b.loadPages(b.corral, "/", "/welcome", "/login")
	if err != nil {
		return nil, err
	}
	plain, err := b.loadPages(b.plain, "/", "/login")
	if err != nil {
		return nil, err
	}
	list := func(name string, ours, plain loaded, least, most float64) []figure {
		return []figure{
			{"GET " + name, ours.perSecond, plain.perSecond, "req/s", least, false},
			{"GET " + name + ", CPU", ours.cpu, plain.cpu, "µs", most, true},
		}
	}
	var figures []figure
	figures = append(figures, list("/ signed in", ours["/"], plain["/"], 10_000, 100)...)
	figures = append(figures, list("/welcome anonymous", ours["/welcome"], plain["/login"], 25_000, 0)...)
	figures = append(figures, list("/login anonymous", ours["/login"], plain["/login"], 25_000, 0)...)
	return figures, nil
}

// loaded is what a page has shown under load.
type loaded struct{ perSecond, cpu float64 }

// loadPages loads pages of a server, one after the other; / by somebody who is signed in.
func (b *bench) loadPages(binary string, paths ...string) (map[string]loaded, error) {
	s, err := start(serverCore, binary, b.dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	cookies, err := s.logIn(1)
	if err != nil {
		return nil, err
	}
	all := map[string]loaded{}
	for _, path := range paths {
		var requests []request
		for range connections {
			if path == "/" {
				requests = append(requests, get(path, cookies, "200"))
			} else {
				requests = append(requests, get(path, "", "200"))
			}
		}
		if _, err := load(s.addr, requests, b.each/5); err != nil { // to warm up
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
		before, err := s.cpu()
		if err != nil {
			return nil, err
		}
		m, err := load(s.addr, requests, b.each)
		if err != nil {
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
		after, err := s.cpu()
		if err != nil {
			return nil, err
		}
		all[path] = loaded{m.perSecond(), float64(after-before) / float64(time.Microsecond) / float64(m.requests)}
	}
	return all, nil
}
