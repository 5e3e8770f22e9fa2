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

// bodies is content in several codings. It must not contain secrets: the length of
// compressed content can reveal them (BREACH).
type bodies struct {
	plain        *body
	gzip, brotli atomic.Pointer[body] // nil until compressed, or if not smaller than plain
}

// body is content with the values of its headers. All are read-only.
type body struct {
	bytes                []byte
	etag, length, coding []string // coding is nil for plain
}

func newBody(b []byte, coding string) *body {
	sum := sha256.Sum256(b)
	encoded := &body{bytes: b, etag: []string{`"` + hex.EncodeToString(sum[:12]) + `"`}, length: []string{strconv.Itoa(len(b))}}
	if coding != "" {
		encoded.coding = []string{coding}
	}
	return encoded
}

// compress compresses the content. It takes a second or two of CPU time per MiB.
func (b *bodies) compress() {
	if z := gzipped(b.plain.bytes); z != nil {
		b.gzip.Store(newBody(z, "gzip"))
	}
	if z := brotlied(b.plain.bytes); z != nil {
		b.brotli.Store(newBody(z, "br"))
	}
}

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

func gzipped(plain []byte) []byte {
	return smaller(plain, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression)
		return z
	})
}

func brotlied(plain []byte) []byte {
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
