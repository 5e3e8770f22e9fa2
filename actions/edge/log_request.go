package edge

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// jsonLog is slog's JSON, but for the line of a request: that is written for every
// page, and took slog as long as all else that the edge does.
type jsonLog struct {
	slog.Handler
	out *oneByOne
}

func newJSONLog(w io.Writer, o *slog.HandlerOptions) jsonLog {
	out := &oneByOne{to: w}
	return jsonLog{slog.NewJSONHandler(out, o), out}
}

// oneByOne is written to by two that do not know of each other.
type oneByOne struct {
	mutex sync.Mutex
	to    io.Writer
}

func (w *oneByOne) Write(line []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.to.Write(line)
}

var lines = sync.Pool{New: func() any { return new([]byte) }}

// logRequest says whether it has written the line. A route that would need
// escaping is left to slog.
func (l jsonLog) logRequest(r *Request, at time.Time, status int, ms float64) bool {
	if !l.Enabled(context.Background(), slog.LevelInfo) {
		return true
	}
	if !plain(r.Route) {
		return false
	}
	buffer := lines.Get().(*[]byte)
	defer lines.Put(buffer)
	line := append((*buffer)[:0], `{"time":"`...)
	line = at.UTC().AppendFormat(line, time.RFC3339Nano)
	line = append(line, `","level":"INFO","event":"request","request_id":"`...)
	line = append(line, r.ID...)
	line = append(line, `","method":"`...)
	line = append(line, r.method...)
	line = append(line, `","route":"`...)
	line = append(line, r.Route...)
	line = append(line, `","client":"`...)
	line = append(line, r.client()...)
	line = append(line, `","user_id":"`...)
	line = append(line, r.UserID...)
	line = append(line, `","status":`...)
	line = strconv.AppendInt(line, int64(status), 10)
	line = append(line, `,"ms":`...)
	line = strconv.AppendFloat(line, ms, 'f', -1, 64)
	line = append(line, "}\n"...)
	l.out.Write(line) // a log that cannot be written has nowhere to say so
	*buffer = line
	return true
}

// plain says whether text stands in JSON as it is.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
