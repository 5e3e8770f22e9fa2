package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// site is a server under measurement: a process of its own, on a core of its own.
type site struct {
	*exec.Cmd
	addr  string
	began time.Time     // when the process was started
	first time.Duration // from then to its first answer
}

const (
	serverCore = "0"
	loadCore   = "1"
	host       = "bench.example" // what the proxy in front of it would be asked for
)

// build makes the binaries as docs/deploy.md says to.
func build(dir string) (corral, plain string, err error) {
	corral, plain = filepath.Join(dir, "bin-corral"), filepath.Join(dir, "bin-plain")
	for binary, source := range map[string]string{corral: "corral", plain: "corral/bench/plain"} {
		if err := goBuild(binary, source); err != nil {
			return "", "", err
		}
	}
	return corral, plain, nil
}

func goBuild(binary, source string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", source, err, out)
	}
	return nil
}

// production is the environment of a server behind a proxy on this machine.
func production(dir, port string) []string {
	return []string{"GO_ENV=production", "ADDR=127.0.0.1", "PORT=" + port, "HOST=https://" + host, "TRUSTED_PROXIES=127.0.0.1/32",
		"DATABASE_URL=" + databaseURL(dir), "SESSION_SECRET=" + strings.Repeat("0123456789abcdef", 4),
		"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=corral@bench.example", "LOG_LEVEL=info",
		"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
}

func databaseURL(dir string) string { return "sqlite3://" + filepath.Join(dir, "bench.sqlite") }

// start runs a server on a core ("" is on all), its log in a file, until it answers.
func start(core, binary, dir string) (*site, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log-"+port))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &site{Cmd: pinned(core, binary), addr: "127.0.0.1:" + port, began: time.Now()}
	s.Dir, s.Env, s.Stdout, s.Stderr = dir, production(dir, port), log, log
	if err := s.Start(); err != nil {
		return nil, err
	}
	for time.Since(s.began) < time.Minute {
		if c, err := dial(s.addr); err == nil {
			_, err = c.send(get("/login", "", "200"))
			c.Close()
			s.first = time.Since(s.began)
			return s, err
		}
		time.Sleep(time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s does not answer; its log is %s", binary, log.Name())
}

func (s *site) stop() {
	s.Process.Kill()
	s.Wait()
}

// pinned is a command that runs on one core ("" is on all), where the machine has taskset.
func pinned(core, binary string, args ...string) *exec.Cmd {
	if core == "" {
		core = fmt.Sprintf("0-%d", runtime.NumCPU()-1) // else it would share the load's, as a child of it
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return exec.Command(binary, args...)
	}
	return exec.Command("taskset", append([]string{"-c", core, binary}, args...)...)
}

// pinSelf leaves the server's core to the server.
func pinSelf() {
	exec.Command("taskset", "-a", "-p", "-c", loadCore, strconv.Itoa(os.Getpid())).Run() // a machine without taskset is measured all the same
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// cpu is the processor time that the process has used, of user and system.
func (s *site) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2) // Linux counts in hundredths of a second
}

// memory is a line of /proc/PID/status in MB: VmRSS now, VmHWM at its peak.
func (s *site) memory(line string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), line+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("no %s", line)
	}
	kB, err := strconv.Atoi(fields[0])
	return float64(kB) * 1024 / 1e6, err
}
