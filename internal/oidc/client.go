package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxResponse limits the body of a response, in bytes. Prevents a compromised provider from
// filling the memory.
const maxResponse = 512 << 10

// newClient returns a client that follows no redirects and uses no proxy. Each request
// takes timeout at most, body included.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{Transport: &transport{timeout, &http.Transport{
		// The provider may close a connection that is reused. net/http does not repeat
		// a POST, so the code would be lost.
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}}}
}

type transport struct {
	timeout time.Duration
	base    *http.Transport
}

// RoundTrip reads the whole body of the response, so that it returns all errors of the
// connection: go-oidc and oauth2 do not wrap an error from reading a body. It returns an
// error unless the response is a success, or the token endpoint refuses the request.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), t.timeout)
	defer cancel()
	response, err := t.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	refusal := r.Method == http.MethodPost && response.StatusCode/100 == 4 && response.StatusCode != http.StatusTooManyRequests
	if response.StatusCode != http.StatusOK && !refusal {
		return nil, fmt.Errorf("the response is %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxResponse:
		return nil, errors.New("the response is too large")
	case !refusal && !json.Valid(body):
		return nil, errors.New("the response is not JSON")
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
