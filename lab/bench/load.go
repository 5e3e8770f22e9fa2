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

// request is a raw HTTP request and the status of the response that it must get.
type request struct {
	raw    []byte
	status string // such as "200"; "" means any
}

// loadResult is the result of a load.
type loadResult struct {
	requests  int
	duration  time.Duration
	latencies []time.Duration // the time until each response
}

func (r loadResult) perSecond() float64 { return float64(r.requests) / r.duration.Seconds() }

// turns is the number of times that each of several loads runs.
const turns = 7

// inTurns runs each load for d in total. The loads take turns, so that other load on
// the machine affects all of them.
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

// percentile returns the time within which p percent of the requests were answered.
func percentile(latencies []time.Duration, p int) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[min(len(latencies)*p/100, len(latencies)-1)]
}

// load repeats each request for d, each on its own connection.
func load(addr string, requests []request, d time.Duration) (loadResult, error) {
	var (
		clients    sync.WaitGroup
		mutex      sync.Mutex
		all        loadResult
		firstError error
	)
	began := time.Now()
	for _, r := range requests {
		clients.Go(func() {
			latencies, err := repeat(addr, r, began.Add(d))
			mutex.Lock()
			defer mutex.Unlock()
			all.latencies = append(all.latencies, latencies...)
			if firstError == nil {
				firstError = err
			}
		})
	}
	clients.Wait()
	all.duration, all.requests = time.Since(began), len(all.latencies)
	return all, firstError
}

func repeat(addr string, r request, end time.Time) ([]time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var latencies []time.Duration
	for sent := time.Now(); sent.Before(end); {
		if _, err := c.send(r); err != nil {
			return latencies, err
		}
		now := time.Now()
		latencies = append(latencies, now.Sub(sent))
		sent = now
	}
	return latencies, nil
}

// connection is an HTTP client that takes little CPU time from the server.
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

// send sends a request and returns the response's header. It returns an error for an
// unexpected status.
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
