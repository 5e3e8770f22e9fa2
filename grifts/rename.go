package grifts

import (
	"corral/internal/rename"
	"corral/internal/task"
)

func init() {
	task.Add("rename", "MODULE NAME", "Gives a fresh clone your module path and name, in every file", renameApp)
}

func renameApp(args []string) error {
	changed, err := rename.Run("Corral", args[1], args[0])
	if err != nil {
		return err
	}
	say("This is %s now, module %s: %d files were changed. See `git diff`, then run `go test ./...`.", args[1], args[0], changed)
	return nil
}
