package apptest

import (
	"bytes"
	"sync"
)

// LogBuffer is a log that may be read while it is written.
type LogBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

// Write adds to the log.
func (l *LogBuffer) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.Write(p)
}

// String returns what was written so far.
func (l *LogBuffer) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.String()
}
