// Corral is a session login to start an app from.
//
//	go run .            serves it on http://127.0.0.1:3000
//	go run . task NAME  runs a task; `task list` lists them
package main

import (
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"

	"corral/actions"
	"corral/actions/edge"
	"corral/config"
	"corral/grifts"
	"corral/mailers"
	"corral/models"
)

func main() {
	var err error
	if len(os.Args) > 1 {
		err = grifts.Run(os.Args[1:])
	} else {
		err = serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	c, err := config.Current()
	if err != nil {
		return err
	}
	tune()
	if err := models.Connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	if err := models.Migrate(); err != nil {
		return err
	}
	logger := edge.NewLogger(os.Stdout, c)
	log.SetFlags(0)
	log.SetOutput(edge.Printed{Logger: logger}) // nothing but the log is written from here on
	app := actions.App()
	server, err := edge.Listen(c, actions.Edge(app, c, liveReload(c)), logger)
	if err != nil {
		return err
	}
	worker := mailers.Start(c, logger)
	defer worker.Stop() // after the requests in flight, before the database
	janitor := models.StartJanitor(logger)
	defer janitor.Stop()
	fmt.Fprintf(os.Stderr, "Corral (%s) listens on %s, reached at %s\n", c.Env, c.Addr, c.Host)
	return app.Serve(server)
}

// liveReload is for development: an open page follows what is being edited.
func liveReload(c config.Config) http.Handler {
	if !c.Development() {
		return nil
	}
	return edge.LiveReload{Files: []fs.FS{os.DirFS("templates"), os.DirFS("assets"), os.DirFS("locales")}}
}
