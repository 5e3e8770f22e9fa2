// Bench measures the app as it ships and prints one table, beside a login that
// is written by hand on net/http, html/template and SQLite (bench/plain).
//
//	go run ./bench                            everything; growth takes ten minutes a database, and 10 GB
//	go run ./bench pages login footprint      all but growth: two minutes
//	go run ./bench -sizes 1000,100000 growth  smaller databases
//	go run ./bench -postgres postgres://…     with growth on PostgreSQL too: a server where databases may be made
//
// For pages and logins the server has a core of its own, the load the other. The
// crowd, the start, the memory and the build have all cores.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is a line of the table.
type figure struct {
	name        string
	ours, plain float64 // plain is 0 where there is nothing to compare with
	unit        string
	target      float64
	atMost      bool // the target is an upper bound
}

// met says whether the figure reaches its target.
func (f figure) met() bool {
	return f.target == 0 || f.atMost == (f.ours <= f.target) || f.ours == f.target
}

// sections are what can be asked for by name.
var sections = []struct {
	name    string
	measure func(b *bench) ([]figure, error)
}{
	{"pages", (*bench).pages},
	{"login", (*bench).login},
	{"footprint", (*bench).footprint},
	{"growth", (*bench).growth},
}

// bench is a run: where it keeps its files, and for how long it loads.
type bench struct {
	dir           string
	corral, plain string // binaries
	each          time.Duration
	sizes         string // of the databases that growth compares
	postgres      string // a server, or ""
}

func main() {
	hashes := flag.Duration("hashes", 0, "only hash passwords for so long, and print how many a second")
	b := &bench{}
	flag.DurationVar(&b.each, "each", 5*time.Second, "how long each load lasts")
	flag.StringVar(&b.sizes, "sizes", "1000,1000000,10000000", "growth: sessions, from few to many")
	flag.StringVar(&b.postgres, "postgres", os.Getenv("TEST_DATABASE_URL"), "growth: a PostgreSQL server where databases may be made")
	flag.Parse()
	var err error
	if *hashes > 0 {
		err = printHashes(*hashes)
	} else {
		err = b.measure(flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measure prints the figures of the named sections, or of all.
func (b *bench) measure(names []string) error {
	dir, err := os.MkdirTemp("", "corral-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if b.corral, b.plain, err = build(dir); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	pinSelf()
	var all []figure
	for _, s := range sections {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		figures, err := s.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, figures...)
	}
	return print(all)
}

func print(figures []figure) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| figure\t| Corral\t| plain\t| ratio\t| target\t| met\t|")
	fmt.Fprintln(w, "|---\t|--:\t|--:\t|--:\t|--:\t|---\t|")
	for _, f := range figures {
		plain, ratio, target, met := "", "", "", ""
		if f.plain > 0 {
			plain, ratio = number(f.plain, f.unit), fmt.Sprintf("%.2f", f.ours/f.plain)
		}
		if f.target > 0 {
			target, met = map[bool]string{true: "≤ ", false: "≥ "}[f.atMost]+number(f.target, f.unit), map[bool]string{true: "yes", false: "no"}[f.met()]
		}
		fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t|\n", f.name, number(f.ours, f.unit), plain, ratio, target, met)
	}
	return w.Flush()
}

func number(n float64, unit string) string {
	switch {
	case unit == "": // there is none, and the name says why
		return ""
	case unit == "times":
		return fmt.Sprintf("%.2f times", n)
	case n >= 100 || unit == "people":
		return fmt.Sprintf("%.0f %s", n, unit)
	}
	return fmt.Sprintf("%.1f %s", n, unit)
}
