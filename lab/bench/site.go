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

	"corral/lab/binary"
)

// site is a running server that is measured.
type site struct {
	*exec.Cmd
	addr  string
	began time.Time     // when the process started
	first time.Duration // from began until the first response
}

const (
	serverCore = "0"
	loadCore   = "1"
	host       = "bench.example"
)

// environment returns the environment of a server behind a proxy on this machine.
func (p *program) environment(port string) []string {
	return append([]string{"GO_ENV=production", "ADDR=127.0.0.1", "PORT=" + port, "HOST=https://" + host, "TRUSTED_PROXIES=127.0.0.1/32",
		"DATABASE_URL=sqlite3://" + p.database(), "SESSION_SECRET=" + binary.Secret,
		"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=corral@bench.example", "LOG_LEVEL=info",
		"HOME=" + p.dir, "PATH=" + os.Getenv("PATH")}, p.env...)
}

func (p *program) database() string { return filepath.Join(p.dir, "bench.sqlite") }

// start starts a server on a core, or on all if core is "", and waits until it answers.
// The server's log is a file.
func (p *program) start(core string) (*site, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(p.dir, "log-"+port))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &site{Cmd: pinned(core, p.file), addr: "127.0.0.1:" + port, began: time.Now()}
	s.Dir, s.Env, s.Stdout, s.Stderr = p.dir, p.environment(port), log, log
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
	return nil, fmt.Errorf("%s does not answer; its log is %s", p.file, log.Name())
}

func (s *site) stop() {
	s.Process.Kill()
	s.Wait()
}

// pinned returns a command that runs on a core, or on all if core is "". Without
// taskset, it runs on all.
func pinned(core, program string, args ...string) *exec.Cmd {
	if core == "" {
		core = fmt.Sprintf("0-%d", runtime.NumCPU()-1) // undoes pinSelf, which the command would inherit
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return exec.Command(program, args...)
	}
	return exec.Command("taskset", append([]string{"-c", core, program}, args...)...)
}

// pinSelf moves this process to loadCore.
func pinSelf() {
	exec.Command("taskset", "-a", "-p", "-c", loadCore, strconv.Itoa(os.Getpid())).Run() // ignore a missing taskset
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

// cpu returns the CPU time of the process, user and system. It adds up the threads,
// which live until the process ends.
func (s *site) cpu() (used time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.Process.Pid))
	if err != nil || len(threads) == 0 {
		return 0, errors.New("/proc has no processor times")
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		running, _, _ := strings.Cut(string(stat), " ")
		nanoseconds, err := strconv.ParseInt(running, 10, 64)
		if err != nil {
			return 0, err
		}
		used += time.Duration(nanoseconds)
	}
	return used, nil
}

// memory returns a line of /proc/PID/status in MB, such as VmRSS, the current memory,
// or VmHWM, the peak.
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
