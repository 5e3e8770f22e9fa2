package rename

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRename_Check(t *testing.T) {
	for _, good := range []identity{
		{"example.com/you/app", "App"},
		{"github.com/You/My-App", "MyApp2"},
		{"paddock", "Paddock"},
		{"example.com/app/v2", "lower"},
		{"tools.example.com/a_b~c.d", "ABC"},
		{"www.example.com/app", "App"},
		{"zoo", "App"},
	} {
		require.NoError(t, good.check(), good)
	}
	for module, want := range map[string]string{
		"": "is not a module path", "example.com/": "is not a module path", "/app": "is not a module path",
		"example.com//app": "is not a module path", "https://example.com/app": "is not a module path",
		"example.com/my app": "is not a module path", "../app": "is not a module path", "example.com/../app": "is not a module path",
		"git.example.com:8443/app": "is not a module path",
		"example.com/app.":         "is not a module path", "-x/app": "is not a module path", "example.com/\"app": "is not a module path",
		"net/app": "is Go's own", "main": "is Go's own", "internal/app": "is Go's own",
	} {
		require.ErrorContains(t, identity{module, "App"}.check(), want, module)
	}
	for name, want := range map[string]string{
		"": "cannot name the app in code", "Two Words": "cannot name the app in code", "2fast": "cannot name the app in code",
		"Größe": "cannot name the app in code", "My-App": "cannot name the app in code", "A\nB": "cannot name the app in code",
		"abcdefghijklmnopqrstuvwxyz1234567": "cannot name the app in code",
	} {
		require.ErrorContains(t, identity{"example.com/app", name}.check(), want, name)
	}
}

func TestRename_Replacer(t *testing.T) {
	files := []string{"main.go", "actions/app.go", "actions/edge/edge.go", "models/user.go", "docs/one.md", "lab/plans/plans.go"}
	original := identity{"gate", "Gate"}
	renamed := identity{"example.com/you/paddock-app/v2", "Paddock"}
	renamedAgain := identity{"example.com/gate", "Stable"}
	for before, want := range map[string][2]string{
		"module gate\n\ngo 1.26":     {"module example.com/you/paddock-app/v2\n\ngo 1.26", "module example.com/gate\n\ngo 1.26"},
		`import "gate/actions/edge"`: {`import "example.com/you/paddock-app/v2/actions/edge"`, `import "example.com/gate/actions/edge"`},
		"GET +gate/actions.HomeShow": {"GET +example.com/you/paddock-app/v2/actions.HomeShow", "GET +example.com/gate/actions.HomeShow"},
		"/var/gate/models":           {"/var/paddock/models", "/var/stable/models"},
		"__Host-gate-device":         {"__Host-paddock-device", "__Host-stable-device"},
		"# Gate":                     {"# Paddock", "# Stable"},
		"GATE_REQUIRE":               {"PADDOCK_REQUIRE", "STABLE_REQUIRE"},
		"`gate task secret`":         {"`paddock-app task secret`", "`gate task secret`"},
		"/tmp\n/gate\n.env":          {"/tmp\n/paddock-app\n.env", "/tmp\n/gate\n.env"},
		"bin/gate":                   {"bin/paddock", "bin/stable"},
		"module gate/lab\n\ngo 1.26": {"module example.com/you/paddock-app/v2/lab\n\ngo 1.26", "module example.com/gate/lab\n\ngo 1.26"},
		"require gate v0.0.0":        {"require example.com/you/paddock-app/v2 v2.0.0", "require example.com/gate v0.0.0"},
		"\tgate v0.0.0\n":            {"\texample.com/you/paddock-app/v2 v2.0.0\n", "\texample.com/gate v0.0.0\n"},
		"replace gate => ../":        {"replace example.com/you/paddock-app/v2 => ../", "replace example.com/gate => ../"},
		"nothing to see":             {"nothing to see", "nothing to see"},
	} {
		require.Equal(t, want[0], original.replacer(renamed, files).Replace(before))
		require.Equal(t, want[1], renamed.replacer(renamedAgain, files).Replace(want[0]), before)
	}
}

func TestRename_BinaryName(t *testing.T) {
	for module, want := range map[string]string{"gate": "gate", "example.com/a/gate": "gate", "example.com/gate/v2": "gate", "example.com/v8engine": "v8engine"} {
		require.Equal(t, want, identity{module: module}.binary())
	}
}
