package edge

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// Assets serves the files of a folder under names that hold their digest, so
// that a browser keeps them for good and a new release is seen at once. It
// reads them when it is made, and compresses each when it is first asked for:
// that takes longer than all else at the start.
type Assets struct {
	files fs.FS
	live  bool
	set   assetSet
}

// assetSet is the files as they were read.
type assetSet struct {
	byName map[string]*asset // css/application.css
	byPath map[string]*asset // /assets/css/application.0123456789abcdef.css
}

type asset struct {
	path         string
	contentType  string
	cacheControl string
	plain        []byte
	gzip, brotli func() []byte // nil when it would be no smaller
}

// atRoot are asked for by browsers and robots at fixed paths.
var atRoot = []string{"favicon.ico", "robots.txt"}

// LoadAssets reads the folder. When live, it is read again for every request.
func LoadAssets(files fs.FS, live bool) (*Assets, error) {
	set, err := readAssets(files, live)
	return &Assets{files: files, live: live, set: set}, err
}

// Path returns where the named file is served.
func (a *Assets) Path(name string) (string, error) {
	set, err := a.current()
	if err != nil {
		return "", err
	}
	file, ok := set.byName[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return file.path, nil
}

func (a *Assets) current() (assetSet, error) {
	if !a.live {
		return a.set, nil
	}
	return readAssets(a.files, true)
}

func readAssets(files fs.FS, live bool) (assetSet, error) {
	set := assetSet{byName: map[string]*asset{}, byPath: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".go" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		file := newAsset(name, content)
		if !live { // else it would be compressed for every request
			file.gzip, file.brotli = later(gzipped, content), later(brotlied, content)
		}
		set.byName[name], set.byPath[file.path] = file, file
		return nil
	})
	if err != nil {
		return set, fmt.Errorf("assets cannot be read: %w", err)
	}
	return set, nil
}

func newAsset(name string, content []byte) *asset {
	file := &asset{contentType: contentType(name), plain: content, gzip: never, brotli: never}
	if slices.Contains(atRoot, name) {
		file.path, file.cacheControl = "/"+name, "public, max-age=86400"
		return file
	}
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	file.path = "/assets/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
	file.cacheControl = "public, max-age=31536000, immutable"
	return file
}

// contentType does not ask the machine's own table for what we ship.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// later compresses once, for whoever asks first.
func later(compress func([]byte) []byte, plain []byte) func() []byte {
	return sync.OnceValue(func() []byte { return compress(plain) })
}

func never() []byte { return nil }

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

// serve answers for the files and passes everything else on.
func (a *Assets) serve(next http.Handler, page ErrorPage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inFolder := strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/assets"
		if !inFolder && !slices.Contains(atRoot, strings.TrimPrefix(r.URL.Path, "/")) {
			next.ServeHTTP(w, r)
			return
		}
		From(r.Context()).Route = "/assets"
		set, err := a.current()
		file, ok := set.byPath[r.URL.Path]
		switch {
		case err != nil:
			From(r.Context()).Error(err)
			page(w, r, http.StatusInternalServerError)
		case !ok:
			page(w, r, http.StatusNotFound)
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET, HEAD")
			page(w, r, http.StatusMethodNotAllowed)
		default:
			file.write(w, r)
		}
	})
}

func (f *asset) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body := f.plain
	for _, offer := range []struct {
		coding     string
		compressed func() []byte
	}{{"br", f.brotli}, {"gzip", f.gzip}} {
		if !accepts(r, offer.coding) {
			continue
		}
		if compressed := offer.compressed(); compressed != nil {
			body = compressed
			h.Set("Content-Encoding", offer.coding)
			break
		}
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body) // a visitor who left is no error of ours
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
