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

// bodies is one content in each of its codings. If it is compressed, it must hold
// no secret: the length would leak it (BREACH).
type bodies struct {
	plain        *body
	gzip, brotli atomic.Pointer[body] // nil until compressed, and if no smaller
}

// body is what is sent, with its header values. Nothing writes into them.
type body struct {
	bytes                []byte
	etag, length, coding []string // coding is nil for plain
}

func newBody(b []byte, coding string) *body {
	sum := sha256.Sum256(b)
	made := &body{bytes: b, etag: []string{`"` + hex.EncodeToString(sum[:12]) + `"`}, length: []string{strconv.Itoa(len(b))}}
	if coding != "" {
		made.coding = []string{coding}
	}
	return made
}

// compress makes the compressed bodies. It takes about 4 s per MiB of CPU time,
// above 1 MiB a tenth of that.
func (b *bodies) compress() {
	if z := gzipped(b.plain.bytes); z != nil {
		b.gzip.Store(newBody(z, "gzip"))
	}
	if z := brotlied(b.plain.bytes); z != nil {
		b.brotli.Store(newBody(z, "br"))
	}
}

// smallest returns the smallest body that the client accepts.
func (b *bodies) smallest(r *http.Request) *body {
	if brotli := b.brotli.Load(); brotli != nil && accepts(r, "br") {
		return brotli
	}
	if gzip := b.gzip.Load(); gzip != nil && accepts(r, "gzip") {
		return gzip
	}
	return b.plain
}

func (b *body) write(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Length"] = b.length
	if b.coding != nil {
		h["Content-Encoding"] = b.coding
	}
	w.Write(b.bytes) // ignore write errors: the client is gone
}

// gzipped returns plain compressed, or nil if it would be no smaller.
func gzipped(plain []byte) []byte {
	return smaller(plain, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is valid
		return z
	})
}

// brotlied returns plain compressed, or nil if it would be no smaller.
func brotlied(plain []byte) []byte {
	o := brotli.WriterOptions{Quality: brotli.BestCompression}
	if len(plain) > 1<<20 {
		o.Quality = 9
	}
	// The window fits the file: the usual one of 4 MiB costs 20 MB of memory each time.
	o.LGWin = min(max(bits.Len(uint(len(plain))), 16), 22)
	return smaller(plain, func(w io.Writer) io.WriteCloser { return brotli.NewWriterOptions(w, o) })
}

func smaller(plain []byte, compressor func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := compressor(&b)
	w.Write(plain) // a bytes.Buffer takes everything
	w.Close()
	if b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}

// accepts reports whether the request accepts the content coding (RFC 9110, 12.5.3).
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
