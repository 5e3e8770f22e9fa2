package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Keep returns the secret in a file, for development. If the file is missing, it makes a
// secret and, if store is true, stores it in the file, readable only by the file's owner.
func Keep(path string, store bool) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !store {
		return New(), nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = writeNew(path, []byte(New())); err == nil {
			content, err = os.ReadFile(path) // another process may have written it first
		}
	}
	secret := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return "", fmt.Errorf("the development secret cannot be kept: %w; make %s writable, or set a secret", err, filepath.Dir(path))
	case Weakness(secret) != "":
		return "", fmt.Errorf("%s is damaged: remove it, and the next start makes another", path)
	}
	return secret, nil
}

// writeNew creates a file readable only by its owner, unless the file exists. It links
// the file to its path when the content is complete: a reader of half a secret would
// derive weak keys.
func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	err = os.Link(file.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(file.Name(), path) // on a file system without links
}
