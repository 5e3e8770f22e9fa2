package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/bits"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/andybalholm/brotli"
)

// encodings is content in several codings. It must not contain secrets: the length of
// compressed content can reveal them (BREACH).
type encodings struct {
	plain        *encoded
	gzip, brotli atomic.Pointer[encoded] // nil until compressed, or if not smaller than plain
}

// encoded is content in one coding, with the values of its headers. Its fields are read-only.
type encoded struct {
	bytes                []byte
	etag, length, coding []string // coding is nil for plain
}

func newEncoded(b []byte, coding string) *encoded {
	sum := sha256.Sum256(b)
	e := &encoded{bytes: b, etag: []string{`"` + hex.EncodeToString(sum[:12]) + `"`}, length: []string{strconv.Itoa(len(b))}}
	if coding != "" {
		e.coding = []string{coding}
	}
	return e
}

// compress compresses the content. It takes a second or two of CPU time per MiB.
func (e *encodings) compress() {
	if z := compressGzip(e.plain.bytes); z != nil {
		e.gzip.Store(newEncoded(z, "gzip"))
	}
	if z := compressBrotli(e.plain.bytes); z != nil {
		e.brotli.Store(newEncoded(z, "br"))
	}
}

func (e *encodings) best(r *http.Request) *encoded {
	if brotli := e.brotli.Load(); brotli != nil && accepts(r, "br") {
		return brotli
	}
	if gzip := e.gzip.Load(); gzip != nil && accepts(r, "gzip") {
		return gzip
	}
	return e.plain
}

func (e *encoded) write(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Length"] = e.length
	if e.coding != nil {
		h["Content-Encoding"] = e.coding
	}
	w.Write(e.bytes) // ignore write errors: the client is gone
}

// compressGzip returns nil if the result is not smaller.
func compressGzip(plain []byte) []byte {
	return smaller(plain, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression)
		return z
	})
}

// compressBrotli returns nil if the result is not smaller.
func compressBrotli(plain []byte) []byte {
	o := brotli.WriterOptions{Quality: 9} // 11 takes thirty times as long for a tenth less
	// The default window of 4 MiB takes 20 MB of memory.
	o.LGWin = min(max(bits.Len(uint(len(plain))), 16), 22)
	return smaller(plain, func(w io.Writer) io.WriteCloser { return brotli.NewWriterOptions(w, o) })
}

func smaller(plain []byte, compressor func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := compressor(&b)
	w.Write(plain)
	w.Close()
	if b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}

// accepts reports whether the request accepts coding (RFC 9110, 12.5.3).
func accepts(r *http.Request, coding string) bool {
	for _, offer := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(offer, " ", ""), ";")
		if strings.EqualFold(name, coding) {
			q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
			return weight == "" || err == nil && q > 0
		}
	}
	return false
}
