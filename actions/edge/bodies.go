package edge

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// bodies are one content in each of its codings. It holds no secret, so that it
// may be compressed: once, when a coding is first asked for.
type bodies struct {
	plain        *body
	gzip, brotli func() *body // nil when it would be no smaller
}

// body is what goes out, with its header values. Nothing is ever written into them.
type body struct {
	bytes                []byte
	etag, length, coding []string // coding is nil for plain
}

func newBodies(plain []byte, compress bool) bodies {
	if !compress {
		none := func() *body { return nil }
		return bodies{newBody(plain, ""), none, none}
	}
	return bodies{
		plain:  newBody(plain, ""),
		gzip:   sync.OnceValue(func() *body { return newBody(gzipped(plain), "gzip") }),
		brotli: sync.OnceValue(func() *body { return newBody(brotlied(plain), "br") }),
	}
}

func newBody(b []byte, coding string) *body {
	if b == nil && coding != "" {
		return nil
	}
	sum := sha256.Sum256(b)
	made := &body{bytes: b, etag: []string{`"` + hex.EncodeToString(sum[:12]) + `"`}, length: []string{strconv.Itoa(len(b))}}
	if coding != "" {
		made.coding = []string{coding}
	}
	return made
}

// smallest is the smallest that the visitor takes.
func (b bodies) smallest(r *http.Request) *body {
	if accepts(r, "br") {
		if brotli := b.brotli(); brotli != nil {
			return brotli
		}
	}
	if accepts(r, "gzip") {
		if gzip := b.gzip(); gzip != nil {
			return gzip
		}
	}
	return b.plain
}

func (b *body) write(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Length"] = b.length
	if b.coding != nil {
		h["Content-Encoding"] = b.coding
	}
	w.Write(b.bytes) // a visitor who left is no error of ours
}

// gzipped returns plain compressed, or nil when it would be no smaller.
func gzipped(plain []byte) []byte {
	return smaller(plain, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is valid
		return z
	})
}

// brotlied returns plain compressed, or nil when it would be no smaller.
func brotlied(plain []byte) []byte {
	return smaller(plain, func(w io.Writer) io.WriteCloser {
		// A window of 64 KiB: no file is longer, and the usual one of 4 MiB costs 20 MB of memory each time.
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 16})
	})
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

// accepts says whether the request takes the content coding (RFC 9110, 12.5.3).
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
