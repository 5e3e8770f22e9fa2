package view

import (
	"io/fs"
	"os"
)

// Folder returns the folder of a name if live, for development, else what is embedded:
// also for a development build outside the checkout.
func Folder(name string, embedded fs.FS, live bool) fs.FS {
	if info, err := os.Stat(name); live && err == nil && info.IsDir() {
		return os.DirFS(name)
	}
	return embedded
}
