package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// footprint measures what the app takes up, and how long one waits for it.
func (b *bench) footprint() ([]figure, error) {
	ours, err := b.afterLoad(b.corral)
	if err != nil {
		return nil, err
	}
	plain, err := b.afterLoad(b.plain)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(b.corral)
	if err != nil {
		return nil, err
	}
	rebuild, err := b.rebuild()
	if err != nil {
		return nil, err
	}
	return []figure{
		{"memory after load", ours.memory, plain.memory, "MB", 45, true},
		{"start to first answer", ours.first, plain.first, "ms", 150, true},
		{"binary", float64(info.Size()) / (1 << 20), 0, "MiB", 35, true},
		{"go build after a change of an action", rebuild, 0, "s", 4, true},
	}, nil
}

type footprint struct{ memory, first float64 }

// afterLoad starts a server five times, for the quickest first answer, and loads
// the last with pages.
func (b *bench) afterLoad(binary string) (f footprint, err error) {
	var s *site
	for range 5 {
		if s != nil {
			s.stop()
		}
		if s, err = start("", binary, b.dir); err != nil {
			return f, err
		}
		if ms := milliseconds(s.first); f.first == 0 || ms < f.first {
			f.first = ms
		}
	}
	defer s.stop()
	cookies, err := s.logIn(1)
	if err != nil {
		return f, err
	}
	var requests []request
	for range connections {
		requests = append(requests, get("/", cookies, "200"))
	}
	if _, err := load(s.addr, requests, b.each); err != nil {
		return f, err
	}
	f.memory, err = s.memory("VmRSS")
	return f, err
}

// rebuild changes a line of an action in a copy of the source and builds it, as
// whoever works on the app does all day. It returns seconds.
func (b *bench) rebuild() (float64, error) {
	list, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		return 0, err
	}
	source := filepath.Join(b.dir, "source")
	for _, file := range strings.FieldsFunc(string(list), func(r rune) bool { return r == 0 }) {
		content, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		target := filepath.Join(source, file)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return 0, err
		}
		if err := os.WriteFile(target, content, 0o600); err != nil {
			return 0, err
		}
	}
	action := filepath.Join(source, "actions", "home.go")
	content, err := os.ReadFile(action)
	if err != nil {
		return 0, err
	}
	var took time.Duration
	for _, change := range []string{"", "\nvar changed = 1\n"} { // the first build fills the cache
		if err := os.WriteFile(action, append(content, change...), 0o600); err != nil {
			return 0, err
		}
		began := time.Now()
		cmd := pinned("", "go", "build", "-o", filepath.Join(b.dir, "rebuilt"), ".")
		cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0")
		if err := cmd.Run(); err != nil {
			return 0, err
		}
		took = time.Since(began)
	}
	return took.Seconds(), nil
}
