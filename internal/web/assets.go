package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Assets serves a folder's files, except Go files and hidden ones, whose name or folder
// begins with a dot. Each path contains the digest of the
// file, so that browsers can cache it forever: css/app.css is
// /assets/css/app.0123456789abcdef.css. With another digest, the file is served but not
// cached: during a rolling update, pages of another release request it. A request for a file
// that does not exist goes to the app, which may have a route for it.
//
// A stylesheet refers to other files by name, such as url("../fonts/sans.woff2"). Scripts
// cannot: use app.ServeFiles for a bundler's scripts, which import each other.
type Assets struct {
	files      fs.FS
	live       bool
	byName     map[string]*asset // empty, if live
	compressed chan struct{}     // is closed when all files are compressed
	compress   sync.Once
}

type asset struct {
	path        string // the path of the URL, escaped
	digest      string
	contentType string
	encodings
}

// atRoot lists the files that browsers and robots request at fixed paths.
var atRoot = []string{"favicon.ico", "robots.txt"}

// LoadAssets reads the files of a folder. If live is true, each request reads its file
// again.
func LoadAssets(files fs.FS, live bool) (*Assets, error) {
	a := &Assets{files: files, live: live, byName: map[string]*asset{}, compressed: make(chan struct{})}
	if live {
		return a, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || unserved(name) {
			return err
		}
		a.byName[name], err = readAsset(files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("assets cannot be read: %w", err)
	}
	return a, nil
}

func unserved(name string) bool {
	return path.Ext(name) == ".go" || strings.Contains("/"+name, "/.")
}

// Path returns the URL path of the named file.
func (a *Assets) Path(name string) (string, error) {
	file, err := a.file(name)
	if err != nil {
		return "", fmt.Errorf("there is no asset %s: %w", name, err)
	}
	return file.path, nil
}

func (a *Assets) file(name string) (*asset, error) {
	if a.live && !unserved(name) {
		return readAsset(a.files, name)
	}
	if file, ok := a.byName[name]; ok {
		return file, nil
	}
	return nil, fs.ErrNotExist
}

// readAsset reads a file. within lists the stylesheets through which it was reached.
func readAsset(files fs.FS, name string, within ...string) (*asset, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	if path.Ext(name) == ".css" {
		content = withPaths(files, name, content, within)
	}
	sum := sha256.Sum256(content)
	file := &asset{digest: hex.EncodeToString(sum[:8]), contentType: contentType(name), encodings: encodings{plain: newEncoded(content, "")}}
	served := "/" + name
	if !slices.Contains(atRoot, name) {
		ext := path.Ext(name)
		served = "/assets/" + strings.TrimSuffix(name, ext) + "." + file.digest + ext
	}
	file.path = (&url.URL{Path: served}).EscapedPath()
	return file, nil
}

// nameAndDigest splits the path of an asset. digest is "" if the path has none.
func nameAndDigest(served string) (name, digest string) {
	name, inFolder := strings.CutPrefix(served, "/assets/")
	if !inFolder {
		return strings.TrimPrefix(served, "/"), ""
	}
	ext := path.Ext(name)
	if isDigest(ext) { // the name has no extension
		return strings.TrimSuffix(name, ext), ext[1:]
	}
	stem := strings.TrimSuffix(name, ext)
	if digest := path.Ext(stem); isDigest(digest) {
		return strings.TrimSuffix(stem, digest) + ext, digest[1:]
	}
	return "", ""
}

func isDigest(ext string) bool {
	return len(ext) == 17 && strings.Trim(ext[1:], "0123456789abcdef") == ""
}

func (a *Assets) serve(next http.Handler, page ErrorPage) http.Handler {
	if !a.live {
		go a.compress.Do(a.compressFiles)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inFolder := strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/assets"
		name, digest := nameAndDigest(r.URL.Path)
		if !inFolder && !slices.Contains(atRoot, name) {
			next.ServeHTTP(w, r)
			return
		}
		info := Info(r.Context())
		info.Route = "/assets" // unless the app has a route
		file, err := a.file(name)
		switch {
		case inFolder && digest == "" || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) ||
			errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENAMETOOLONG):
			next.ServeHTTP(w, r)
		case err != nil:
			info.Error(err)
			page(w, r, http.StatusInternalServerError)
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET, HEAD")
			page(w, r, http.StatusMethodNotAllowed)
		default:
			switch {
			case !inFolder:
				w.Header().Set("Cache-Control", "public, max-age=86400")
			case digest == file.digest:
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			file.write(w, r)
		}
	})
}

// compressFiles compresses text files, the smallest first. Each file is served
// uncompressed until it has been compressed.
func (a *Assets) compressFiles() {
	defer close(a.compressed)
	files := slices.SortedFunc(maps.Values(a.byName), func(x, y *asset) int { return cmp.Compare(len(x.plain.bytes), len(y.plain.bytes)) })
	for _, file := range files {
		if isText(file.contentType) {
			file.encodings.compress()
		}
	}
}

func (f *asset) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	if isText(f.contentType) {
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("Range") == "" {
			f.best(r).write(w)
			return
		}
	}
	h["Etag"] = f.plain.etag
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.plain.bytes))
}
