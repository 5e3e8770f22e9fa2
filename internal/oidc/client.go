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

// maxAnswer is the number of bytes that are read of an answer. Prevents a compromised
// provider from filling the memory.
const maxAnswer = 512 << 10

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

// RoundTrip reads the whole body of the answer, so that it returns all errors of the
// connection: go-oidc and oauth2 do not wrap an error from reading a body. It returns
// an error unless the answer is a success or a refusal of the token endpoint.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), t.timeout)
	defer cancel()
	answer, err := t.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	refusal := r.Method == http.MethodPost && answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests
	if answer.StatusCode != http.StatusOK && !refusal {
		return nil, fmt.Errorf("the answer is %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, errors.New("the answer is too large")
	case !refusal && !json.Valid(body):
		return nil, errors.New("the answer is not JSON")
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}
