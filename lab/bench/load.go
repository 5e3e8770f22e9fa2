package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// request is one request as it goes over the wire, and the status that it must get.
type request struct {
	raw    []byte
	status string // "200"; "" is any
}

// measured is what a load has shown.
type measured struct {
	requests int
	took     time.Duration
	waits    []time.Duration // of every request
}

func (m measured) perSecond() float64 { return float64(m.requests) / m.took.Seconds() }

// turns is how often each of several loads has its turn.
const turns = 7

// inTurns gives each load d altogether, a piece at a time: while the machine is
// slow, it is so for all of them.
func inTurns(d time.Duration, loads ...func(d time.Duration) error) error {
	for range turns {
		for _, run := range loads {
			if err := run(d / turns); err != nil {
				return err
			}
		}
	}
	return nil
}

// percentile is the time within which p of 100 requests were answered.
func percentile(waits []time.Duration, p int) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[min(len(waits)*p/100, len(waits)-1)]
}

// load keeps one connection a request busy for d: each sends its request again
// as soon as it is answered.
func load(addr string, requests []request, d time.Duration) (measured, error) {
	var (
		wait  sync.WaitGroup
		mutex sync.Mutex
		all   measured
		first error
	)
	began := time.Now()
	for _, r := range requests {
		wait.Go(func() {
			waits, err := repeat(addr, r, began.Add(d))
			mutex.Lock()
			defer mutex.Unlock()
			all.waits = append(all.waits, waits...)
			if first == nil {
				first = err
			}
		})
	}
	wait.Wait()
	all.took, all.requests = time.Since(began), len(all.waits)
	return all, first
}

func repeat(addr string, r request, end time.Time) ([]time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var waits []time.Duration
	for sent := time.Now(); sent.Before(end); {
		if _, err := c.send(r); err != nil {
			return waits, err
		}
		now := time.Now()
		waits = append(waits, now.Sub(sent))
		sent = now
	}
	return waits, nil
}

// connection is an HTTP client that does little, to leave the machine to the server.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(addr string) (*connection, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &connection{c, bufio.NewReaderSize(c, 16<<10)}, nil
}

// send sends a request and reads its answer, of which it returns the header. A
// status that was not expected is an error.
func (c *connection) send(r request) (header []byte, err error) {
	if _, err := c.Write(r.raw); err != nil {
		return nil, err
	}
	length, chunked := 0, false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		header = append(header, line...)
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case len(name) == 0:
			if status := string(header[9:12]); r.status != "" && status != r.status {
				err = fmt.Errorf("%s where %s was expected from %q", status, r.status, r.raw[:bytes.IndexByte(r.raw, '\r')])
			}
			if chunked {
				return header, firstOf(c.skipChunks(), err)
			}
			_, skipErr := c.in.Discard(length)
			return header, firstOf(skipErr, err)
		case string(name) == "Content-Length":
			length, _ = strconv.Atoi(string(value))
		case string(name) == "Transfer-Encoding":
			chunked = true
		}
	}
}

func (c *connection) skipChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c.in, size+2); err != nil || size == 0 {
			return err
		}
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
