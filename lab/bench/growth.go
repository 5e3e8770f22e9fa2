package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"corral/lab/bench/growth"
)

// growth compares the costs of requests in the largest database with those in the
// smallest.
func (b *bench) growth() ([]figure, error) {
	figures, err := b.growthOn("SQLite", "")
	if err != nil {
		return nil, err
	}
	if b.postgres == "" {
		return append(figures, figure{name: "growth on PostgreSQL: not measured, since -postgres names no server"}), nil
	}
	more, err := b.growthOn("PostgreSQL", b.postgres)
	return append(figures, more...), err
}

// growthOn measures each database system in another process, since the app's packages
// keep the database, its prepared statements and caches.
func (b *bench) growthOn(database, server string) (figures []figure, err error) {
	cmd := pinned("", "go", "run", "./bench/growth/run", "-sizes", b.sizes, "-server", server)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", database, err)
	}
	var rows []growth.Row
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		f := figure{
			name:   fmt.Sprintf("%s, %s: %s", database, r.Name, r),
			values: []float64{r.Ratio()}, unit: "times", target: growth.Target, atMost: true,
		}
		if r.PartOfPrevious {
			f.target = 0
		}
		figures = append(figures, f)
	}
	return figures, nil
}
