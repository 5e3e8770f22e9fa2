package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"
)

// reloadScript reloads the page when the files or the process change. A hidden page
// closes its stream, because browsers open at most six connections to a host, for all
// tabs together.
const reloadScript = `let seen, stream
const watch = () => {
  stream?.close()
  if (document.hidden) return
  stream = new EventSource("/dev/reload")
  stream.onmessage = ({ data }) => {
    if (seen && seen !== data) location.reload()
    seen = data
  }
}
document.addEventListener("visibilitychange", watch)
watch()
`

// LiveReload serves a script for every page, GET /dev/reload.js, and the stream of
// server-sent events that the script reads, GET /dev/reload. It is for development.
type LiveReload struct {
	Files []fs.FS // watched for changes
}

// NewLiveReload returns a LiveReload of folders if live, else nil.
func NewLiveReload(live bool, folders ...string) http.Handler {
	if !live {
		return nil
	}
	var l LiveReload
	for _, name := range folders {
		l.Files = append(l.Files, os.DirFS(name))
	}
	return l
}

// process distinguishes this process from the next one.
var process = time.Now().UnixNano()

const lookEvery = 300 * time.Millisecond

func (l LiveReload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/dev/reload.js" {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprint(w, reloadScript)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	stream.SetWriteDeadline(time.Time{}) // unlimited
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for sent := ""; ; {
		if state := l.state(); state != sent {
			sent = state
			fmt.Fprintf(w, "retry: 300\ndata: %s\n\n", state)
			if stream.Flush() != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func (l LiveReload) state() string {
	var newest time.Time
	count := 0
	for _, files := range l.Files {
		fs.WalkDir(files, ".", func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return nil // the file was just removed; the next call counts without it
			}
			if info, err := entry.Info(); err == nil && info.ModTime().After(newest) {
				newest = info.ModTime()
			}
			count++
			return nil
		})
	}
	return fmt.Sprintf("%d-%d-%d", process, count, newest.UnixNano())
}

func serveReload(next http.Handler, reload http.Handler) http.Handler {
	if reload == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dev/reload" || r.URL.Path == "/dev/reload.js" {
			Info(r.Context()).Route = r.URL.Path
			reload.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
