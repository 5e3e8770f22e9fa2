package web

import (
	"testing"
	"time"

	"github.com/gobuffalo/buffalo/worker"
	"github.com/stretchr/testify/require"
)

func TestWorker_StopEndsAlthoughAJobStartsAnother(t *testing.T) {
	w := Worker{worker.NewSimple(), 100 * time.Millisecond}
	require.NoError(t, w.Start(t.Context()))
	running, stopping, ended := make(chan bool), make(chan bool), make(chan error)
	require.NoError(t, w.Register("job", func(worker.Args) error {
		running <- true
		<-stopping
		time.Sleep(10 * time.Millisecond) // Stop holds the worker's lock by then
		return w.Perform(worker.Job{Handler: "job"})
	}))
	require.NoError(t, w.Perform(worker.Job{Handler: "job"}))
	<-running
	go func() { ended <- w.Stop() }()
	stopping <- true
	require.EqualError(t, <-ended, "a job of the worker did not end within 100ms")
}

func TestWorker_StopWaitsForJobs(t *testing.T) {
	w := Worker{worker.NewSimple(), time.Minute}
	require.NoError(t, w.Start(t.Context()))
	running, done := make(chan bool), false
	require.NoError(t, w.Register("job", func(worker.Args) error {
		running <- true
		done = true
		return nil
	}))
	require.NoError(t, w.Perform(worker.Job{Handler: "job"}))
	<-running
	require.NoError(t, w.Stop())
	require.True(t, done)
}
