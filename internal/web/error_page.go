package web

import "net/http"

// WriteError answers with an error: with a problem if the client wants JSON, else with
// the HTML that page returns for the status. A status that is no error becomes 500.
func WriteError(w http.ResponseWriter, r *http.Request, status int, detail string, page func(status int) ([]byte, error)) {
	if status < http.StatusBadRequest {
		status = http.StatusInternalServerError
	}
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Length", "ETag", "Last-Modified"} {
		w.Header().Del(name) // describes what the handler did not send
	}
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5") // seconds
	}
	if WantsJSON(r) {
		WriteProblem(w, status, detail, nil)
		return
	}
	html, err := page(status)
	if err != nil {
		Info(r.Context()).Error(err)
		html = []byte(http.StatusText(status))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(html) // ignore write errors: the client is gone
}
