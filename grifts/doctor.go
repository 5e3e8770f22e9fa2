package grifts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"corral/config"
	"corral/config/environ"
	"corral/models"
)

func init() {
	add("doctor", "", "Checks this environment as if for production: pass or fail, with the remedy", doctor)
}

// check is something that must hold in production.
type check struct {
	name      string
	variables []string // whose faults are this check's; no others are run on top of them
	run       func(c config.Config) (well string, err error)
}

// checks are in the order of the lines. The database is opened by the first
// that needs it. The last gets the faults that are no other check's.
var checks = []check{
	{"secret", []string{"SESSION_SECRET"}, checkSecret},
	{"host", []string{"HOST"}, checkHost},
	{"https", []string{"TRUSTED_PROXIES", "TLS_CERT_FILE", "TLS_KEY_FILE"}, checkHTTPS},
	{"mail", []string{"SMTP_URL", "MAIL_FROM"}, checkMail},
	{"database", []string{"DATABASE_URL"}, checkDatabase},
	{"database TLS", nil, checkDatabaseTLS},
	{"migrations", nil, checkMigrations},
	{"clock", nil, checkClock},
	{".env", []string{".env"}, checkDotenv},
	{"other settings", nil, checkOthers},
}

// doctor prints a line for each check. Its error makes the exit status 1.
func doctor([]string) error {
	c, faults := productionConfig()
	defer closeDatabase()
	failed := 0
	for _, check := range checks {
		well, problems := check.examine(c, faults[check.name])
		if len(problems) == 0 {
			fmt.Fprintf(out, "pass  %-15s %s\n", check.name, well)
			continue
		}
		failed++
		for _, problem := range problems {
			fmt.Fprintf(out, "fail  %-15s %s\n", check.name, oneLine(problem))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	return nil
}

// productionConfig reads the environment as the app would in production, and
// what it would refuse to start for, by the name of the check.
func productionConfig() (c config.Config, faults map[string][]string) {
	c, err := config.Load(append(slices.Clone(environ.AtStart), "GO_ENV="+config.Production), ".")
	faults = map[string][]string{}
	if err == nil {
		return c, faults
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // one a fault, config promises
		name := checkOf(line)
		faults[name] = append(faults[name], line)
	}
	return c, faults
}

// variable finds what a fault is about: the first variable that it names.
var variable = regexp.MustCompile(`[A-Z]+(_[A-Z]+)+|HOST|PORT|ADDR|SIGNUP|\.env`)

// checkOf is the name of the check that a fault belongs to.
func checkOf(fault string) string {
	named := variable.FindString(fault)
	for _, check := range checks {
		if slices.ContainsFunc(check.variables, func(v string) bool { return named == v || named == v+"_FILE" }) {
			return check.name
		}
	}
	return checks[len(checks)-1].name
}

func (check check) examine(c config.Config, faults []string) (well string, problems []string) {
	if len(faults) > 0 {
		return "", faults
	}
	well, err := check.run(c)
	if err != nil {
		return "", []string{err.Error()}
	}
	return well, nil
}

func closeDatabase() {
	if models.DB != nil {
		models.DB.Close()
	}
}

// oneLine is for what drivers and servers say.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
