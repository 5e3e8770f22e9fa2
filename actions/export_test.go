package actions

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
)

// LogBuffer is a log that may be read while the app writes it.
type LogBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *LogBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *LogBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// CaptureLog catches what sites log that are started after it.
func CaptureLog(t testing.TB) *LogBuffer {
	log := &LogBuffer{}
	LogTo(t, log)
	return log
}

// Texts are those of the pages.
var Texts = texts

// WaitSentence is what a throttled page says.
var WaitSentence = waitSentence

// LogTo sends there what sites log that are started after it.
func LogTo(t testing.TB, log io.Writer) {
	before := logOutput
	logOutput = log
	t.Cleanup(func() { logOutput = before })
}

// Lean is lean.
var Lean = lean

// ErrorStatuses are those that have a page.
func ErrorStatuses() []int { return slices.Sorted(maps.Keys(errorKeys)) }

// Renderer makes the pages.
var Renderer = r
