package view

import (
	"io/fs"
	"os"
)

// Folder returns the named folder if live, for development. If not live, or if the folder
// does not exist, as outside a checkout, it returns embedded.
func Folder(name string, embedded fs.FS, live bool) fs.FS {
	if info, err := os.Stat(name); live && err == nil && info.IsDir() {
		return os.DirFS(name)
	}
	return embedded
}
