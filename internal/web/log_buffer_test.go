package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"corral/internal/apptest"
)

func TestLogBuffer_WritesInOrder(t *testing.T) {
	log := &apptest.LogBuffer{}
	b := NewLogBuffer(log)
	logger := NewLogger(b, slog.LevelInfo, true)
	for i := range 1000 {
		logger.Info(strconv.Itoa(i))
	}
	b.Close()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 1000)
	for i, line := range lines {
		require.Contains(t, line, fmt.Sprintf(`"event":"%d"`, i))
	}
}

// The app continues while the reader of the log stalls. Then the log says how many lines
// were lost.
func TestLogBuffer_StalledReader(t *testing.T) {
	reader, writer := io.Pipe()
	b := NewLogBuffer(writer)
	logger := NewLogger(b, slog.LevelInfo, false)
	const lines = 40_000
	for i := range lines {
		logger.Info("counted", "attempt", i)
	}
	log := bufio.NewScanner(reader)
	read, lost := 0, 0
	for log.Scan() && lost == 0 {
		if _, count, found := strings.Cut(log.Text(), `level=ERROR event="log lines lost" lines=`); found {
			lost, _ = strconv.Atoi(count)
			break
		}
		require.Contains(t, log.Text(), fmt.Sprintf("event=counted attempt=%d", read))
		read++
	}
	require.Equal(t, lines, read+lost)
	require.Less(t, read*len("time=2026-11-22T09:00:00.000Z level=INFO event=counted attempt=1"), 2*maxPending) // the write in progress and a full buffer
	logger.Info("flows")
	require.True(t, log.Scan())
	require.Contains(t, log.Text(), "event=flows")
}

// A write to a pipe without a reader fails. Another reader may come later.
func TestLogBuffer_DeadReader(t *testing.T) {
	w := &failing{}
	b := NewLogBuffer(w)
	logger := NewLogger(b, slog.LevelInfo, true)
	for i := range 3 { // one by one: otherwise a flush could still be due
		logger.Info("lost")
		require.Eventually(t, func() bool { b.mutex.Lock(); defer b.mutex.Unlock(); return b.lost == i+1 }, time.Minute, time.Millisecond)
	}
	w.works = true
	logger.Info("after")
	b.Close()
	require.Regexp(t, `^\{.*"event":"after"\}\n\{.*"level":"ERROR","event":"log lines lost","lines":3\}\n$`, w.String())
}

// A write to a full disk may end within a line.
func TestLogBuffer_TornLine(t *testing.T) {
	w := &failing{tears: true}
	b := NewLogBuffer(w)
	logger := NewLogger(b, slog.LevelInfo, true)
	for i := range 3 {
		logger.Info("lost")
		require.Eventually(t, func() bool { b.mutex.Lock(); defer b.mutex.Unlock(); return b.lost == i+1 }, time.Minute, time.Millisecond)
	}
	w.works = true
	logger.Info("after")
	logger.Info("last")
	b.Close()
	require.Regexp(t, `^\{"tim\n\{.*"event":"after"\}\n(\{.*\}\n){2}$`, w.String())
	require.Contains(t, w.String(), `"event":"log lines lost","lines":3}`)
}

type failing struct {
	apptest.LogBuffer
	works bool
	tears bool // the next write ends within a line
}

func (w *failing) Write(b []byte) (int, error) {
	if w.tears {
		w.tears = false
		n, _ := w.LogBuffer.Write(b[:5])
		return n, errors.New("no space left on device")
	}
	if !w.works {
		return 0, errors.New("broken pipe")
	}
	return w.LogBuffer.Write(b)
}
