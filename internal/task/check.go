package task

import (
	"fmt"
	"slices"
	"strings"

	"corral/internal/env"
)

// Check is something that must hold in production.
type Check struct {
	Name      string
	Variables []string                        // a fault of one of them is the result
	Run       func() (good string, err error) // says what is good, or returns the remedy
}

// Examine prints a line for each check. The last check gets the faults of
// variables that no check names. It returns an error when a check failed.
func Examine(checks []Check, faults []env.Fault) error {
	failed := 0
	for i, check := range checks {
		good, problems := check.examine(faults, func(variable string) bool {
			return slices.Contains(check.Variables, variable) || i == len(checks)-1 && !named(checks, variable)
		})
		if len(problems) == 0 {
			fmt.Fprintf(Out, "pass  %-15s %s\n", check.Name, good)
			continue
		}
		failed++
		for _, problem := range problems {
			fmt.Fprintf(Out, "fail  %-15s %s\n", check.Name, strings.Join(strings.Fields(problem), " "))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	return nil
}

func named(checks []Check, variable string) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return slices.Contains(c.Variables, variable) })
}

func (c Check) examine(faults []env.Fault, mine func(variable string) bool) (good string, problems []string) {
	for _, fault := range faults {
		if mine(fault.Key) {
			problems = append(problems, fault.Line)
		}
	}
	if len(problems) > 0 {
		return "", problems
	}
	good, err := c.Run()
	if err != nil {
		return "", []string{err.Error()}
	}
	return good, nil
}
