package web

import (
	"strings"
	"time"
)

// Limits are the limits of a path's requests.
type Limits struct {
	Pattern string         // a part in braces matches any
	MaxBody int64          // bytes; the largest match counts
	MaxTime *time.Duration // nil: 15 s; 0: unlimited
}

// MaxBody returns an Options.MaxBody for the list, 1 MiB for other paths.
func MaxBody(list []Limits) func(path string) int64 {
	return func(path string) (most int64) {
		for _, l := range list {
			if l.matches(path) {
				most = max(most, l.MaxBody)
			}
		}
		if most == 0 {
			return defaultMaxBody
		}
		return most
	}
}

// MaxTime returns an Options.MaxTime for the list, 15 s for other paths.
func MaxTime(list []Limits) func(path string) time.Duration {
	var own []Limits
	for _, l := range list {
		if l.MaxTime != nil {
			own = append(own, l)
		}
	}
	return func(path string) time.Duration {
		for _, l := range own {
			if l.matches(path) {
				return *l.MaxTime
			}
		}
		return defaultMaxTime
	}
}

func (l Limits) matches(path string) bool {
	parts, wanted := strings.Split(strings.Trim(path, "/"), "/"), strings.Split(strings.Trim(l.Pattern, "/"), "/")
	if len(parts) != len(wanted) {
		return false
	}
	for i, part := range wanted {
		if !strings.HasPrefix(part, "{") && part != parts[i] {
			return false
		}
	}
	return true
}
