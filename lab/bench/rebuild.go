package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// rebuild is a copy of the source that is changed and built repeatedly.
type rebuild struct {
	source, action string    // the folder of the copy; the file that is changed
	content        []byte    // the original content of action
	durations, cpu []float64 // seconds of each build
}

func (p *program) copySource(below string) (*rebuild, error) {
	list, err := exec.Command("git", "-C", p.source, "ls-files", "-z", ":!lab").Output()
	if err != nil {
		return nil, err
	}
	r := &rebuild{source: filepath.Join(below, filepath.Base(p.dir))}
	for _, file := range strings.FieldsFunc(string(list), func(r rune) bool { return r == 0 }) {
		content, err := os.ReadFile(filepath.Join(p.source, file))
		if err != nil {
			return nil, err
		}
		target := filepath.Join(r.source, file)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(target, content, 0o600); err != nil {
			return nil, err
		}
	}
	r.action = filepath.Join(r.source, "actions", "home.go")
	r.content, err = os.ReadFile(r.action)
	return r, err
}

// measure changes the action for the n-th time, and measures a build. Build 0 does not
// count, because it fills the cache.
func (r *rebuild) measure(n int) error {
	change := strings.Repeat("\nvar _ = 1\n", n) + fmt.Sprintf("\nvar changed%d = 1\n", n) // without a named variable, go build would not link
	if err := os.WriteFile(r.action, append(r.content, change...), 0o600); err != nil {
		return err
	}
	cmd := pinned("", "go", "build", "-o", filepath.Join(r.source, "built"), ".")
	cmd.Dir, cmd.Env = r.source, append(os.Environ(), "CGO_ENABLED=0")
	began := time.Now()
	if err := cmd.Run(); err != nil || n == 0 {
		return err
	}
	r.durations = append(r.durations, time.Since(began).Seconds())
	r.cpu = append(r.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	return nil
}
