// Growth prints, as JSON, the costs of requests and purges in databases of a thousand, a
// million and ten million sessions. `go run ./bench growth` runs it.
//
//	go run ./bench/growth/run                        SQLite
//	go run ./bench/growth/run -server postgres://…   a PostgreSQL server on which it may create databases
//
// Ten million sessions take some 10 GB in TMPDIR, or on the server, and ten minutes.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"corral/config"
	"corral/internal/apptest"
	"corral/internal/secret"
	"corral/lab/bench/growth"
)

func main() {
	server := flag.String("server", "", "URL of a PostgreSQL server; without it, SQLite")
	sizes := flag.String("sizes", "1000,1000000,10000000", "numbers of sessions, ascending")
	flag.Parse()
	if err := run(*server, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(server, list string) error {
	var sizes []int
	for text := range strings.SplitSeq(list, ",") {
		size, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		sizes = append(sizes, size)
	}
	c, err := config.Load([]string{"GO_ENV=production", "HOST=https://login.example.com", "LOG_LEVEL=error",
		"TRUSTED_PROXIES=127.0.0.1/32", "SMTP_URL=smtp://127.0.0.1:1", "SESSION_SECRET=" + secret.New()}, os.TempDir())
	if err != nil {
		return err
	}
	newDatabase := func() (string, func(), error) { return apptest.NewDatabase(server) }
	report := func(line string) { fmt.Fprintln(os.Stderr, line) }
	rows, err := growth.Run{Config: c, NewDatabase: newDatabase, Sizes: sizes, Divisor: 1, Report: report}.Measure(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(rows)
}
