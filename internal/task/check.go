package task

import (
	"fmt"
	"slices"
	"strings"

	"corral/internal/env"
)

// Check is a condition that must hold.
type Check struct {
	Name      string
	Variables []string                        // if one has a fault, the check fails and does not run
	Run       func() (good string, err error) // good says what holds; err names the remedy
}

// Examine prints a line for each check and returns an error if one failed. A
// fault of a variable that no check lists counts against the last check.
func Examine(checks []Check, faults []env.Fault) error {
	failed := 0
	for i, check := range checks {
		good, failures := check.examine(faults, func(variable string) bool {
			return slices.Contains(check.Variables, variable) || i == len(checks)-1 && !named(checks, variable)
		})
		if len(failures) == 0 {
			fmt.Fprintf(Out, "pass  %-15s %s\n", check.Name, good)
			continue
		}
		failed++
		for _, failure := range failures {
			fmt.Fprintf(Out, "fail  %-15s %s\n", check.Name, strings.Join(strings.Fields(failure), " "))
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

func (c Check) examine(faults []env.Fault, concerns func(variable string) bool) (good string, failures []string) {
	for _, fault := range faults {
		if concerns(fault.Key) {
			failures = append(failures, fault.Line)
		}
	}
	if len(failures) > 0 {
		return "", failures
	}
	good, err := c.Run()
	if err != nil {
		return "", []string{err.Error()}
	}
	return good, nil
}
