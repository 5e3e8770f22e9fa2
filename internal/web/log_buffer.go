package web

import (
	"bytes"
	"io"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	maxPending = 1 << 20         // bytes: some thousand lines
	flushTime  = 2 * time.Second // less than a service manager waits for a stop
)

// LogBuffer is a writer for NewLogger that never waits. If the program that reads
// standard output stalls or dies, the app goes on. LogBuffer drops lines if the buffer is
// full or the reader is gone. When it can write again, it logs how many lines were lost.
type LogBuffer struct {
	to      io.Writer
	report  func(lost int) []byte // returns the line about lost lines; set by NewLogger
	wake    chan struct{}
	stopped chan struct{}

	mutex   sync.Mutex
	pending []byte
	lost    int // lines dropped since the last report
	closed  bool

	torn bool // the last write ended within a line; used by flush alone
}

// logBuffers holds all open buffers, to be flushed before the process exits.
var logBuffers sync.Map

// NewLogBuffer returns a buffer that writes to w in the background. It ignores SIGPIPE,
// by which a write to a closed pipe would kill the process.
func NewLogBuffer(w io.Writer) *LogBuffer {
	signal.Ignore(syscall.SIGPIPE)
	b := &LogBuffer{to: w, wake: make(chan struct{}, 1), stopped: make(chan struct{})}
	b.report = func(int) []byte { return nil }
	logBuffers.Store(b, nil)
	go b.run()
	return b
}

// Write buffers lines, which must be whole.
func (b *LogBuffer) Write(lines []byte) (int, error) {
	b.mutex.Lock()
	if len(b.pending)+len(lines) > maxPending {
		b.lost += bytes.Count(lines, []byte("\n"))
	} else {
		b.pending = append(b.pending, lines...)
	}
	b.mutex.Unlock()
	b.notify()
	return len(lines), nil
}

func (b *LogBuffer) notify() {
	select {
	case b.wake <- struct{}{}:
	default: // run is about to flush
	}
}

func (b *LogBuffer) run() {
	defer close(b.stopped)
	for range b.wake {
		b.mutex.Lock()
		closed := b.closed // if read after flush, lines written before Close could be lost
		b.mutex.Unlock()
		for b.flush() {
		}
		if closed {
			return
		}
	}
}

// flush writes the pending lines, and reports whether there may be more.
func (b *LogBuffer) flush() bool {
	b.mutex.Lock()
	lines, lost := b.pending, b.lost
	b.pending, b.lost = nil, 0
	b.mutex.Unlock()
	if lost > 0 {
		lines = append(lines, b.report(lost)...)
	}
	if len(lines) == 0 {
		return false
	}
	gap := 0
	if b.torn { // as by a full disk: begin a new line
		gap, lines = 1, append([]byte("\n"), lines...)
	}
	n, err := b.to.Write(lines)
	if n > 0 {
		b.torn = lines[n-1] != '\n'
	}
	if err == nil {
		return true
	}
	b.mutex.Lock()
	b.lost += lost + bytes.Count(lines[max(n, gap):], []byte("\n"))
	if lost > 0 {
		b.lost-- // the report was one of the lines
	}
	b.mutex.Unlock()
	return false
}

// Close writes the pending lines. It gives up after two seconds, for example if the
// reader has stalled.
func (b *LogBuffer) Close() {
	logBuffers.Delete(b)
	b.mutex.Lock()
	b.closed = true
	b.mutex.Unlock()
	b.notify()
	select {
	case <-b.stopped:
	case <-time.After(flushTime):
	}
}

func closeLogBuffers() {
	logBuffers.Range(func(b, _ any) bool { b.(*LogBuffer).Close(); return true })
}
