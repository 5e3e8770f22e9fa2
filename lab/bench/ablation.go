package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corral/lab/binary"
)

// subject is a variant of the app with its measurements.
type subject struct {
	variant
	*program
	samples [len(measures)][]float64
}

// Indexes of measures.
const (
	startCost = iota
	homeCost
	anonymousCost
	loginCost
	memoryIdle
	memoryLoaded
	crowdPeak
	crowdPages99th
)

// measures are the columns of the table. Costs are CPU time.
var measures = [...]struct {
	name, unit string
	compared   bool // also printed as a ratio to the unchanged app
}{
	startCost:      {name: "start", unit: "ms", compared: true},
	homeCost:       {name: "page, logged in", unit: "µs", compared: true},
	anonymousCost:  {name: "page, anonymous", unit: "µs", compared: true},
	loginCost:      {name: "login", unit: "ms", compared: true},
	memoryIdle:     {name: "memory, idle", unit: "MB"},
	memoryLoaded:   {name: "after load", unit: "MB"},
	crowdPeak:      {name: "crowd: peak", unit: "MB"},
	crowdPages99th: {name: "crowd: pages, 99th percentile", unit: "ms"},
}

// ablation prints the costs of a start, a page and a login in each variant of the app.
// It measures the unchanged app twice: the difference between the two is noise.
func (b *bench) ablation() error {
	all := slices.Concat([]variant{{name: "the app as it is", crowded: true}, {name: "the same once more", crowded: true}}, variants)
	var subjects []*subject
	for i, v := range all {
		s, err := newSubject(v, filepath.Join(b.dir, fmt.Sprint("variant-", i)))
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		subjects = append(subjects, s)
	}
	for range b.rounds {
		if err := b.round(subjects); err != nil {
			return err
		}
	}
	lines := [][]string{{"variant"}}
	for _, m := range measures {
		lines[0] = append(lines[0], m.name)
	}
	for _, s := range subjects {
		lines = append(lines, s.line(subjects[0]))
	}
	return printLines(os.Stdout, lines)
}

func newSubject(v variant, dir string) (*subject, error) {
	s := &subject{variant: v, program: &program{dir: dir, file: filepath.Join(dir, "server"), source: binary.Root(), env: v.env}}
	flags, err := v.overlay(binary.Root(), filepath.Join(dir, "overlay"))
	if err != nil {
		return nil, err
	}
	if err := binary.BuildPackage(s.file, binary.Root(), ".", flags...); err != nil {
		return nil, err
	}
	return s, s.fill()
}

// round starts all variants, measures them in turns, and stops them.
func (b *bench) round(subjects []*subject) error {
	if err := startAndCrowd(subjects); err != nil {
		return err
	}
	var visits []*visit
	defer func() {
		for _, v := range visits {
			v.stop()
		}
	}()
	var pages, logins []func(time.Duration) error
	costs := make([]map[int]*[]float64, len(subjects)) // for each subject, by measure
	for i, s := range subjects {
		v, err := s.visit()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		visits = append(visits, v)
		home, anonymous := v.page("/"), v.page("/login")
		known, err := v.fourInKnownBrowsers()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		pages, logins = append(pages, home.run, anonymous.run), append(logins, known.run)
		costs[i] = map[int]*[]float64{homeCost: &home.costs, anonymousCost: &anonymous.costs, loginCost: &known.costs}
	}
	if err := inTurns(b.each/3, pages...); err != nil {
		return err
	}
	for i, s := range subjects {
		if err := s.recordMemory(visits[i].site, memoryLoaded); err != nil {
			return err
		}
	}
	if err := inTurns(b.each, logins...); err != nil {
		return err
	}
	for i, s := range subjects {
		for measure, samples := range costs[i] {
			s.samples[measure] = append(s.samples[measure], *samples...)
		}
	}
	return nil
}

// startAndCrowd takes the measures that need a new process: start, idle memory and
// simultaneous logins.
func startAndCrowd(subjects []*subject) error {
	var start startTimes
	for range turns {
		for _, s := range subjects {
			if err := start.measure(s.program); err != nil {
				return err
			}
			s.samples[startCost] = append(s.samples[startCost], start.cpu[len(start.cpu)-1])
		}
	}
	for _, s := range subjects {
		idle, err := s.start("")
		if err != nil {
			return err
		}
		time.Sleep(3 * time.Second)
		err = s.recordMemory(idle, memoryIdle)
		idle.stop()
		if err != nil {
			return err
		}
		if !s.crowded {
			continue
		}
		c, err := s.measureCrowd()
		if err != nil {
			return err
		}
		s.samples[crowdPeak] = append(s.samples[crowdPeak], c.peak)
		s.samples[crowdPages99th] = append(s.samples[crowdPages99th], c.pages99th)
	}
	return nil
}

// recordMemory records the current memory of a server of the subject.
func (s *subject) recordMemory(server *site, measure int) error {
	m, err := server.memory("VmRSS")
	s.samples[measure] = append(s.samples[measure], m)
	return err
}

// line returns the subject's line of the table: medians, and the ratios to the
// unchanged app with their quartiles.
func (s *subject) line(base *subject) []string {
	line := []string{s.name}
	for i, m := range measures {
		cell := number(median(s.samples[i]), m.unit)
		if m.compared && s != base {
			var ratios []float64
			for turn, cost := range s.samples[i] {
				ratios = append(ratios, cost/base.samples[i][turn])
			}
			cell = fmt.Sprintf("%s, %.2f (%.2f to %.2f)", cell, median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75))
		}
		line = append(line, cell)
	}
	return line
}
