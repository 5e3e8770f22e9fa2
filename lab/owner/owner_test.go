// Package owner runs the commands of docs/own-it.md in a clone. After each step, the app
// must compile. After each section, `go test ./...` must pass and the running app must have
// the effects of the section. The last `go test` uses PostgreSQL, if there is a server.
// Then the binary runs as in production, behind nginx.
//
// TestDrop runs each step of the section Drop alone:
//
//	go test -run TestDrop/Languages ./owner
//
// A clone has the last commit and uncommitted changes to tracked files. With -short, the
// clone's tests do not run.
package owner_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/lab/services"
)

func TestGuide(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		require.False(t, services.Required("axe"), "CORRAL_REQUIRE has axe, which needs npm")
		t.Skip("needs npm: apt-get install npm")
	}
	c := newClone(t)
	a := &app{clone: c}
	sections := readGuide(t, c.dir)
	for n, s := range sections {
		passed := t.Run(s.title, func(t *testing.T) {
			c.t, s = t, readGuide(t, c.dir)[n] // read again: an earlier section may have renamed the app in the guide
			for _, step := range s.steps {
				if s.title == "Drop" { // the scripts of Drop refuse uncommitted changes
					c.run("bash", "-ec", `git add --all; git commit --quiet --message "The last step"`)
				}
				c.follow(step)
			}
			c.build()
			c.test(n == len(sections)-1)
			a.start(t)
			defer a.stop()
			require.Contains(t, effects, s.title)
			effects[s.title](t, a)
		})
		if !passed {
			return // the next section builds on this one
		}
	}
	t.Run("In production", func(t *testing.T) {
		c.t = t
		inProduction(t, c)
	})
}

func TestDrop(t *testing.T) {
	sections := readGuide(t, "../..")
	drop := sections[len(sections)-1]
	require.Equal(t, "Drop", drop.title)
	c := newClone(t)
	for _, step := range drop.steps {
		t.Run(step.title, func(t *testing.T) {
			c.t = t
			c.run("bash", "-ec", "git reset --quiet --hard; git clean -dffqx") // the same folder: Go has cached the other packages
			c.follow(step)
			c.build()
			c.test(false)
			a := &app{clone: c}
			a.start(t)
			defer a.stop()
			require.Contains(t, drops, step.title)
			drops[step.title](t, a)
		})
	}
}

func TestDrop_RefusesToLoseChanges(t *testing.T) {
	c := newClone(t)
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "go.mod"), nil, 0o600))
	drop := exec.Command("sh", "docs/own-it/drop/passkeys.sh")
	drop.Dir = c.dir
	out, err := drop.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "changes that are not committed")
	require.Equal(t, " M go.mod\n", c.run("git", "status", "--porcelain"))
}

type clone struct {
	t       *testing.T
	dir     string
	pathVar string // PATH of commands in the clone
	bin     string // the app, as last built
}

func newClone(t *testing.T) *clone {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	root := filepath.Dir(filepath.Dir(here))
	c := &clone{t: t, dir: filepath.Join(t.TempDir(), "paddock"), pathVar: os.Getenv("PATH"), bin: filepath.Join(t.TempDir(), "app")}
	for _, program := range []string{"buffalo", "buffalo-pop"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("%s is not installed: testdata/buffalo replaces the CLI", program)
			c.pathVar = filepath.Join(c.dir, "lab/owner/testdata") + ":" + c.pathVar
			break
		}
	}
	git := exec.Command("bash", "-ec", `
		git clone --quiet "$1" "$2"
		git -C "$1" diff HEAD --binary | git -C "$2" apply --allow-empty --index
		git -C "$2" config user.name Ada
		git -C "$2" config user.email ada@example.com
		git -C "$2" commit --quiet --allow-empty --message "The working tree"`, "", root, c.dir)
	out, err := git.CombinedOutput()
	require.NoError(t, err, string(out))
	return c
}

// follow runs a step's commands and compiles the app, but does not link it: that takes longer.
func (c *clone) follow(s step) {
	c.t.Helper()
	c.t.Log(s.title)
	for _, block := range s.blocks {
		require.NotContains(c.t, c.run("bash", "-ec", block), "no tests to run", block) // go test -run succeeds even if no test matches
	}
	c.run("go", "build", "./cmd")
}

func (c *clone) build() {
	c.t.Helper()
	c.run("go", "build", "-ldflags=-s -w", "-o", c.bin, ".")
}

// test runs the clone's tests, if onPostgres on the PostgreSQL server, should there be one.
func (c *clone) test(onPostgres bool) {
	c.t.Helper()
	if testing.Short() {
		return
	}
	server := ""
	if onPostgres {
		server = os.Getenv("TEST_DATABASE_URL")
	}
	// Set what a developer's shell may set: it must not make tests fail.
	c.run("env", "TEST_DATABASE_URL="+server, "PORT=4000", "HOST=http://localhost:4001", "SIGNUP=closed", "SECOND_FACTOR=required", "go", "test", "./...")
}

func (c *clone) run(name string, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "PATH="+c.pathVar, "CGO_ENABLED=0", "TEST_DATABASE_URL=")
	out, err := cmd.CombinedOutput()
	require.NoError(c.t, err, "%s\n%s", cmd, out)
	return string(out)
}
