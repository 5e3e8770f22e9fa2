package web

import (
	"os"
	"os/signal"
	"syscall"
)

// onHangup calls stop after SIGHUP, which would otherwise kill the process at once. It
// does nothing if the process ignores SIGHUP, as under nohup.
func onHangup(stop func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGHUP)
	go func() { <-received; stop() }()
}
