package process

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var taskParams = map[string]string{
	"db:backup": "FILE", "db:migrate": "", "db:seed": "", "doctor": "", "mail:preview": "NAME", "rename": "MODULE NAME", "routes": "", "secret": "",
	"sessions:end": "EMAIL|all", "user:create": "EMAIL", "user:delete": "EMAIL", "user:reset-factors": "EMAIL [--now]", "user:why": "EMAIL",
}

func TestTask_Help_PrintsUsage(t *testing.T) {
	dir := t.TempDir()
	for name, params := range taskParams {
		usage := strings.TrimSpace("usage: task " + name + " " + params)
		require.Regexp(t, "^"+regexp.QuoteMeta(usage)+`\n[A-Z].{20,}\.\n$`, task(t, dir, nil, name, "--help"))
		words := strings.Fields(strings.Repeat("word ", len(strings.Fields(params))+1))
		require.Equal(t, usage, oneLineRefusal(t, dir, nil, append([]string{"task", name}, words...)...), "one word too many")
		if len(words) > 1 {
			require.Equal(t, usage, oneLineRefusal(t, dir, nil, append([]string{"task", name}, words[2+strings.Count(params, "["):]...)...), "one word too few")
		}
	}
	require.NoFileExists(t, filepath.Join(dir, "storage", "development.sqlite"))
	require.NoFileExists(t, filepath.Join(dir, "word"))
}

func TestTask_List_HasEveryTask(t *testing.T) {
	names := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^task ([a-z:-]+) +# [A-Z].{20,}$`).FindAllStringSubmatch(task(t, t.TempDir(), nil, "list"), -1) {
		names[match[1]] = taskParams[match[1]]
	}
	require.Equal(t, taskParams, names)
}
