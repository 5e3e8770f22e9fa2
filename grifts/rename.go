package grifts

import "corral/internal/rename"

func renameApp(args []string) error {
	changed, err := rename.Run("Corral", args[1], args[0])
	if err != nil {
		return err
	}
	say("This is %s now, module %s: %d files were changed. See `git diff`, then run `go test ./...`.", args[1], args[0], changed)
	return nil
}
