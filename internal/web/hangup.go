package web

import (
	"os"
	"os/signal"
	"syscall"
)

// OnHangup calls stop after SIGHUP, which would kill the process at once, unless
// the process was started to ignore it, as by nohup.
func OnHangup(stop func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGHUP)
	go func() { <-received; stop() }()
}
