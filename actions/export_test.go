package actions

import (
	"bytes"
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
	before, log := logOutput, &LogBuffer{}
	logOutput = log
	t.Cleanup(func() { logOutput = before })
	return log
}

// Texts are those of the pages.
var Texts = texts

// WaitSentence is what a throttled page says.
var WaitSentence = waitSentence
