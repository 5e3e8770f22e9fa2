// Bench measures the app as it ships, and for comparison a minimal login on net/http,
// html/template and SQLite (bench/plain). It prints one table.
//
// In lab/:
//
//	go run ./bench pages login footprint      three minutes
//	go run ./bench -old DIR pages login       compares with the app of another checkout, too
//	go run ./bench ablation                   what each optimization saves: fifteen minutes
//	go run ./bench growth                     costs in large databases: ten minutes and 10 GB
//	go run ./bench -sizes 1000,100000 growth  in smaller databases
//	go run ./bench -postgres postgres://… growth  on a PostgreSQL server, too, where it creates databases
//	go run ./bench                            all sections
//
// For pages and logins, the server and the load have a core each; otherwise all cores.
// The programs take turns, and each figure is the median of its turns (the minimum for
// the durations of starts and builds), so that other load on the machine affects all
// programs. CPU is the processor time of the server's threads, which depends least on
// other load.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corral/lab/binary"
)

// sections are the arguments of the command.
var sections = []struct {
	name    string
	measure func(b *bench) ([]figure, error)
}{
	{"pages", (*bench).pages},
	{"login", (*bench).login},
	{"footprint", (*bench).footprint},
	{"growth", (*bench).growth},
}

type bench struct {
	dir      string // for temporary files
	old      string // another checkout to compare with, or ""
	programs []*program
	each     time.Duration // duration of a load
	rounds   int           // how often the ablation measures each variant
	sizes    string        // of growth: numbers of sessions, such as "1000,1000000"
	postgres string        // URL of a PostgreSQL server for growth, or ""
}

// program is a server that is measured.
type program struct {
	file, dir string   // the binary; the folder of its database and logs
	source    string   // the checkout that it was built from; "" for bench/plain
	env       []string // additions to its environment
}

// Indexes of bench.programs.
const (
	ours = iota
	plain
	old
)

func main() {
	hashes := flag.Duration("hashes", 0, "only hash passwords for this time, and print the hashes a second and the CPU time of each")
	b := &bench{}
	flag.DurationVar(&b.each, "each", 7*time.Second, "how long each load lasts")
	flag.StringVar(&b.old, "old", "", "another checkout of the app, to compare with")
	flag.IntVar(&b.rounds, "rounds", 3, "ablation: how often each variant is measured")
	flag.StringVar(&b.sizes, "sizes", "1000,1000000,10000000", "growth: numbers of sessions, ascending")
	flag.StringVar(&b.postgres, "postgres", os.Getenv("TEST_DATABASE_URL"), "growth: a PostgreSQL server where databases may be created")
	flag.Parse()
	var err error
	if *hashes > 0 {
		err = printHashes(*hashes)
	} else {
		err = b.run(flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run prints the figures of the named sections, or of all.
func (b *bench) run(names []string) error {
	dir, err := os.MkdirTemp("", "corral-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if err := b.build(); err != nil {
		return err
	}
	pinSelf()
	named := func(name string) bool { return len(names) == 0 || slices.Contains(names, name) }
	var all []figure
	for _, s := range sections {
		if !named(s.name) {
			continue
		}
		figures, err := s.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, figures...)
	}
	if len(all) > 0 {
		if err := print(all); err != nil {
			return err
		}
	}
	if !named("ablation") {
		return nil
	}
	return b.ablation()
}

func (b *bench) build() error {
	lab := filepath.Join(binary.Root(), "lab")
	b.programs = []*program{ours: {source: binary.Root()}, plain: {}}
	if b.old != "" {
		b.programs = append(b.programs, &program{source: b.old})
	}
	for i, p := range b.programs {
		p.dir = filepath.Join(b.dir, fmt.Sprint("program-", i))
		p.file = filepath.Join(p.dir, "server")
		if err := os.Mkdir(p.dir, 0o700); err != nil {
			return err
		}
		if i == plain {
			if err := binary.BuildPackage(p.file, lab, "./bench/plain"); err != nil {
				return err
			}
			continue
		}
		if err := binary.BuildPackage(p.file, p.source, "."); err != nil {
			return err
		}
		if err := p.fill(); err != nil {
			return err
		}
	}
	return nil
}
