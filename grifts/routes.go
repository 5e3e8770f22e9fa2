package grifts

import (
	"log/slog"

	"corral/actions"
	"corral/internal/task"
)

func routes([]string) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	return actions.WriteRoutes(task.Out, actions.App(c, slog.New(slog.DiscardHandler)))
}
