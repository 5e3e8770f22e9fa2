package web

import (
	"strings"
	"time"
)

// Limits are the limits of requests for a path.
type Limits struct {
	Pattern string         // such as /imports/{id}: a part in braces matches any text
	MaxBody int64          // bytes; of several matches, the largest counts
	MaxTime *time.Duration // nil: 15 s; 0: unlimited
}

// MaxBody returns a function for Options.MaxBody. Paths that match no pattern have 1
// MiB.
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

// MaxTime returns a function for Options.MaxTime. Paths that match no pattern have 15
// seconds.
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
