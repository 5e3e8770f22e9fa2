package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figure is a line of the table.
type figure struct {
	name   string
	values []float64 // by program; NaN or missing if not measured
	unit   string
	target float64 // for ours, or 0
	atMost bool    // the target is an upper bound
}

func (f figure) value(program int) float64 {
	if program < len(f.values) {
		return f.values[program]
	}
	return math.NaN()
}

func (f figure) met() bool {
	return f.target == 0 || f.atMost == (f.value(ours) <= f.target) || f.value(ours) == f.target
}

// ratio returns the value of ours divided by that of another program, or "".
func (f figure) ratio(to int) string {
	if math.IsNaN(f.value(to)) {
		return ""
	}
	return fmt.Sprintf("%.2f", f.value(ours)/f.value(to))
}

// print prints the figures as a table. It has columns for the old checkout if there is
// one.
func print(figures []figure) error {
	compared := slices.ContainsFunc(figures, func(f figure) bool { return !math.IsNaN(f.value(old)) })
	heading := []string{"figure", "Corral", "plain", "ratio", "target", "met"}
	if compared {
		heading = slices.Insert(heading, 1, "old")
		heading = slices.Insert(heading, 3, "ratio to old")
	}
	lines := [][]string{heading}
	for _, f := range figures {
		line := []string{f.name, number(f.value(ours), f.unit), number(f.value(plain), f.unit), f.ratio(plain), "", ""}
		if f.target > 0 {
			line[4] = map[bool]string{true: "≤ ", false: "≥ "}[f.atMost] + number(f.target, f.unit)
			line[5] = map[bool]string{true: "yes", false: "no"}[f.met()]
		}
		if compared {
			line = slices.Insert(line, 1, number(f.value(old), f.unit))
			line = slices.Insert(line, 3, f.ratio(old))
		}
		lines = append(lines, line)
	}
	return printLines(os.Stdout, lines)
}

// printLines prints a Markdown table. The first line is its heading.
func printLines(to io.Writer, lines [][]string) error {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	for n, line := range lines {
		fmt.Fprintf(w, "| %s\t|\n", strings.Join(line, "\t| "))
		if n == 0 {
			fmt.Fprintf(w, "|---\t|%s\n", strings.Repeat("--:\t|", len(line)-1))
		}
	}
	return w.Flush()
}

func number(n float64, unit string) string {
	switch {
	case unit == "" || math.IsNaN(n):
		return ""
	case unit == "times":
		return fmt.Sprintf("%.2f times", n)
	case n >= 100 || unit == "users":
		return fmt.Sprintf("%.0f %s", n, unit)
	}
	return fmt.Sprintf("%.1f %s", n, unit)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func median(figures []float64) float64 { return quantile(figures, 0.5) }

// quantile returns the figure that the given share of the figures is below, or NaN if
// there are none.
func quantile(figures []float64, share float64) float64 {
	if len(figures) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
