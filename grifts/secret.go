package grifts

import (
	"corral/internal/secret"
	"corral/internal/task"
)

func init() {
	task.Add("secret", "", "Prints a fresh secret for SESSION_SECRET", func([]string) error {
		say("%s", secret.New())
		return nil
	})
}
