package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
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
	bodies
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
		file := newAsset(name, content, !live) // else it would be compressed for every request
		set.byName[name], set.byPath[file.path] = file, file
		return nil
	})
	if err != nil {
		return set, fmt.Errorf("assets cannot be read: %w", err)
	}
	return set, nil
}

func newAsset(name string, content []byte, compress bool) *asset {
	file := &asset{contentType: contentType(name), bodies: newBodies(content, compress)}
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
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	h.Set("Vary", "Accept-Encoding")
	f.smallest(r).write(w)
}
