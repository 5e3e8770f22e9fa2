package rename

import (
	"fmt"
	"regexp"
	"strings"
)

const moduleElement = `[A-Za-z0-9_][A-Za-z0-9_~-]*(\.[A-Za-z0-9_~-]+)*`

var (
	modulePath = regexp.MustCompile(`^[a-z0-9][a-z0-9_~-]*(\.[a-z0-9_~-]+)*(/` + moduleElement + `)*$`)
	nameForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,31}$`)
)

// standardLibrary lists the first elements of import paths that Go reserves.
const standardLibrary = " archive bufio bytes cmd cmp compress container context crypto database debug embed encoding errors " +
	"expvar flag fmt go hash html image index internal io iter log main maps math mime net os path plugin reflect regexp " +
	"runtime slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak "

// check returns an error if an app cannot have the identity.
func (i identity) check() error {
	first, _, _ := strings.Cut(i.module, "/")
	switch {
	case !modulePath.MatchString(i.module):
		return fmt.Errorf("%q is not a module path: write it like example.com/you/app", i.module)
	case strings.Contains(standardLibrary, " "+first+" "):
		return fmt.Errorf("a module path that begins with %s/ is Go's own: write it like example.com/you/app", first)
	case !nameForm.MatchString(i.name):
		return fmt.Errorf("%q cannot name the app in code: use one word of up to 32 letters and digits; app.name in locales/ may be longer", i.name)
	}
	return nil
}
