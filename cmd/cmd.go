// Package cmd starts the app, or runs a task.
package cmd

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"corral/actions"
	"corral/config"
	_ "corral/grifts"
	"corral/internal/env"
	"corral/internal/task"
	"corral/internal/web"
	"corral/mailers"
	"corral/models"
)

// Main runs the command line of the process.
func Main() { task.Main(serve) }

func serve() error {
	c, err := config.Load(os.Environ(), ".")
	if err != nil {
		return err
	}
	if err := models.Connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	out := web.NewLogBuffer(os.Stdout)
	defer out.Close()
	logger := web.NewLogger(out, c.LogLevel, c.Production())
	slog.SetDefault(web.AppLogger(logger)) // receives what slog and log.Printf write
	if err := models.Migrate(); err != nil {
		return err
	}
	if err := env.RequireEnv(os.Getenv("GO_ENV")); err != nil && c.Host.Scheme == "https" {
		slog.Warn("GO_ENV is missing", "error", err)
	}
	app := actions.App(c, logger)
	handler := actions.Handler(app, c, logger, web.NewLiveReload(c.Development(), "templates", "assets", "locales"))
	server, err := web.Listen(web.ListenOptions{Addr: c.Addr, Sockets: c.Sockets, CertFile: c.TLSCertFile, KeyFile: c.TLSKeyFile}, handler, logger)
	if err != nil {
		return err
	}
	worker := mailers.Start(c, logger)
	defer worker.Stop()                             // after requests in flight, before the database closes
	time.AfterFunc(time.Second, debug.FreeOSMemory) // returns memory that only the start used: 8 of 44 MB
	janitor := models.StartJanitor(logger)
	defer janitor.Stop()
	if c.Production() {
		slog.Info("listening", "address", server.Address(), "public_url", c.Host.String())
	} else {
		fmt.Fprintf(os.Stderr, "Corral (%s) listens on %s, reached at %s\n", c.Env, server.Address(), c.Host)
	}
	return server.Run(app)
}
