package apptest

import (
	"bytes"
	"sync"
)

// LogBuffer is a buffer for a log. It is safe for concurrent use.
type LogBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (l *LogBuffer) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.Write(p)
}

// String returns the log so far.
func (l *LogBuffer) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.String()
}
