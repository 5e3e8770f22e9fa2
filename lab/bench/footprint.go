package main

import (
	"os"
	"path/filepath"
	"time"
)

const starts = 2 * turns

// footprint measures binary size, memory, and the times of a start and a build.
func (b *bench) footprint() ([]figure, error) {
	started := make([]startTimes, len(b.programs))
	for range starts {
		for i, p := range b.programs {
			if err := started[i].measure(p); err != nil {
				return nil, err
			}
		}
	}
	idle := figure{name: "memory, idle", unit: "MB", atMost: true}
	loaded := figure{name: "memory after load", unit: "MB", target: 45, atMost: true}
	first := figure{name: "start to first answer", unit: "ms", target: 150, atMost: true}
	cpu := figure{name: "start to first answer, CPU", unit: "ms", atMost: true}
	size := figure{name: "binary", unit: "MiB", target: 35, atMost: true}
	build := figure{name: "go build after a change of an action", unit: "s", target: 4, atMost: true}
	buildCPU := figure{name: "go build after a change of an action, CPU", unit: "s", atMost: true}
	builds := make([]*rebuild, len(b.programs))
	for i, p := range b.programs {
		memory, err := p.memory(b.each)
		if err != nil {
			return nil, err
		}
		idle.values, loaded.values = append(idle.values, memory.idle), append(loaded.values, memory.loaded)
		first.values, cpu.values = append(first.values, quantile(started[i].first, 0)), append(cpu.values, median(started[i].cpu))
		info, err := os.Stat(p.file)
		if err != nil {
			return nil, err
		}
		size.values = append(size.values, float64(info.Size())/(1<<20))
		if p.source != "" {
			if builds[i], err = p.copySource(filepath.Join(b.dir, "source")); err != nil {
				return nil, err
			}
		}
	}
	for n := range turns {
		for _, r := range builds {
			if r != nil {
				if err := r.measure(n); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, r := range builds {
		if r == nil {
			r = &rebuild{}
		}
		build.values, buildCPU.values = append(build.values, quantile(r.durations, 0)), append(buildCPU.values, median(r.cpu))
	}
	return []figure{idle, loaded, first, cpu, size, build, buildCPU}, nil
}

// startTimes are the times of several starts, in milliseconds: the time until the first
// answer, and the CPU time until then.
type startTimes struct{ first, cpu []float64 }

func (t *startTimes) measure(p *program) error {
	s, err := p.start("")
	if err != nil {
		return err
	}
	defer s.stop()
	used, err := s.cpu()
	t.first, t.cpu = append(t.first, milliseconds(s.first)), append(t.cpu, milliseconds(used))
	return err
}

type footprint struct{ idle, loaded float64 }

// memory measures an idle server, then one that has served pages.
func (p *program) memory(each time.Duration) (f footprint, err error) {
	s, err := p.start("")
	if err != nil {
		return f, err
	}
	defer s.stop()
	time.Sleep(min(each, 3*time.Second)) // until the work after the start is done
	if f.idle, err = s.memory("VmRSS"); err != nil {
		return f, err
	}
	cookies, err := s.logIn(1)
	if err != nil {
		return f, err
	}
	var requests []request
	for range connections {
		requests = append(requests, get("/", cookies, "200"))
	}
	if _, err := load(s.addr, requests, each); err != nil {
		return f, err
	}
	f.loaded, err = s.memory("VmRSS")
	return f, err
}
