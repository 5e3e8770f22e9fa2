package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func listen(t *testing.T, app http.Handler, o ListenOptions) (s *Server, address string) {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	s, err := Listen(o, New(app, testOptions(t)), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	go s.Start(t.Context(), nil)
	t.Cleanup(func() { s.http.Close() })
	return s, s.Address()
}

// exchange sends bytes unchanged and returns the response.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, request)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(answer)
}

func TestServer_CutsOffSlowAndRefusesLongRequests(t *testing.T) {
	s, address := listen(t, echo, ListenOptions{})
	require.Equal(t, 5*time.Second, s.http.ReadHeaderTimeout)
	require.Equal(t, 15*time.Second, s.http.ReadTimeout)
	require.Equal(t, 30*time.Second, s.http.WriteTimeout)
	require.Equal(t, 60*time.Second, s.http.IdleTimeout)
	require.Equal(t, 30*time.Second, s.http.HTTP2.WriteByteTimeout)

	const start, end = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: ", "\r\n\r\n"
	full := strings.Repeat("x", 32<<10-len(start+end))
	require.Contains(t, exchange(t, address, start+full+end), "200 OK")
	require.Contains(t, exchange(t, address, start+full+strings.Repeat("x", 4096)+end), "431 Request Header Fields Too Large")
}

// net/http answers these requests itself, with one line of plain text that reveals
// nothing. It closes the connection.
func TestServer_InvalidRequests(t *testing.T) {
	_, address := listen(t, echo, ListenOptions{})
	for request, status := range map[string]string{
		"nonsense\r\n\r\n":                                                                                     "400 Bad Request",
		"GET / HTTP/1.1\r\n\r\n":                                                                               "400 Bad Request: missing required Host header",
		"GET / HTTP/9.9\r\nHost: x\r\n\r\n":                                                                    "505 HTTP Version Not Supported",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                                                         "400 Bad Request",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n":                                                "417 Expectation Failed",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n":                                        "501 Not Implemented",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n":                         "400 Bad Request",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n":                          "431 Request Header Fields Too Large",
		"GET / HTTP/1.1\r\nHost: a\r\nBad\x00Name: x\r\n\r\n":                                                  "400 Bad Request",
		"GET / HTTP/1.1\r\nHost: a\r\n Folded: x\r\n\r\n":                                                      "400 Bad Request",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n": "501 Not Implemented",
	} {
		answer := exchange(t, address, request)
		require.True(t, strings.HasPrefix(answer, "HTTP/1.1 "+status), "%.60q: %.200q", request, answer)
		head, body, _ := strings.Cut(answer, "\r\n\r\n")
		require.Contains(t, head, "Connection: close")
		require.NotContains(t, body, "<")
		require.NotContains(t, strings.ToLower(answer), "go")
	}
}

// net/http's own answer would lack the security headers.
func TestServer_OptionsAsteriskHasHeaders(t *testing.T) {
	_, address := listen(t, echo, ListenOptions{})
	require.Contains(t, exchange(t, address, "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"), "Content-Security-Policy: ")
}

// Prevents request smuggling. Transfer-Encoding overrides Content-Length (RFC 9112,
// 6.3), and the connection closes (6.1), so that the bytes after the body are not taken
// for a request. net/http hides which chunked requests had both headers, so the
// connection closes after all chunked requests.
func TestServer_BodyHasOneLength(t *testing.T) {
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	flushed := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() })
	const host, form = " HTTP/1.1\r\nHost: 127.0.0.1\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"
	const chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
	for _, app := range []http.Handler{echo, silent, flushed} {
		_, address := listen(t, app, ListenOptions{})
		for _, request := range []string{
			"POST /one" + host + form + "Content-Length: 70\r\n" + chunked,
			"POST /one" + host + form + chunked,
			"GET /one" + host + chunked,
			"POST /panic" + host + chunked,
			"POST /one HTTP/1.0\r\nHost: 127.0.0.1\r\n" + form + "Connection: keep-alive\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\na=b",
		} {
			answer := exchange(t, address, request+"GET /two"+host+"\r\n") // without Connection: close
			require.Equal(t, 1, strings.Count(answer, "HTTP/1."), answer)
			require.Contains(t, answer, "\r\nConnection: close\r\n")
			require.NotContains(t, answer, "/two")
		}
	}
	_, address := listen(t, echo, ListenOptions{})
	answer := exchange(t, address, "POST /one"+host+form+"Content-Length: 3\r\n\r\na=bGET /two"+host+"Connection: close\r\n\r\n")
	require.Contains(t, answer, "POST /one a=b")
	require.Contains(t, answer, "GET /two", "a body with a length keeps the connection")
}

func TestServer_OccupiedPort(t *testing.T) {
	_, address := listen(t, echo, ListenOptions{})
	_, err := Listen(ListenOptions{Addr: address}, echo, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "cannot listen on "+address+": ")
	require.ErrorContains(t, err, "; stop the other process, or change ADDR or PORT")
	require.NotContains(t, err.Error(), "\n")
}

// certificateFiles returns a self-signed certificate for 127.0.0.1.
func certificateFiles(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	certificate, err := x509.ParseCertificate(signed)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(certificate)
	return certFile, keyFile, roots
}

func TestServer_TLS(t *testing.T) {
	certFile, keyFile, roots := certificateFiles(t)
	_, address := listen(t, echo, ListenOptions{CertFile: certFile, KeyFile: keyFile})
	for version, accepted := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, MinVersion: version, MaxVersion: version})
		require.Equal(t, accepted, err == nil, "%x: %v", version, err)
		if accepted {
			conn.Close()
		}
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
		if err == nil {
			require.Regexp(t, `^TLS_ECDHE_ECDSA_WITH_(AES_\d+_GCM_SHA\d+|CHACHA20_POLY1305_SHA256|AES_\d+_CBC_SHA)$`, suite.Name)
			conn.Close()
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	res, err := client.Get("https://" + address + "/x")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 2, res.ProtoMajor)
}

// overHTTP2 sends a GET with one more header field, unchanged. It returns the headers of
// the response, or nil if the server has reset the stream.
func overHTTP2(t *testing.T, address string, roots *x509.CertPool, name, value string) *http2.MetaHeadersFrame {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	require.NoError(t, framer.WriteSettings())
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", address}, {":path", "/"}, {name, value}} {
		require.NoError(t, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	require.NoError(t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}))
	for {
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame
		case *http2.RSTStreamFrame:
			return nil
		}
	}
}

func TestServer_HTTP2RefusesLineEndsInHeaders(t *testing.T) {
	certFile, keyFile, roots := certificateFiles(t)
	_, address := listen(t, echo, ListenOptions{CertFile: certFile, KeyFile: keyFile})
	for _, value := range []string{"a\r\nb: c", "a\nb", "a\x00b"} {
		require.Nil(t, overHTTP2(t, address, roots, "x", value), "it was answered: %q", value)
	}
}

// HTTP/2 does not allow headers of the connection (RFC 9113, 8.2.2): after a proxy has
// translated them to HTTP/1.1, they could change where a request ends. net/http refuses
// them in requests; we remove them from responses.
func TestServer_HTTP2HasNoConnectionHeaders(t *testing.T) {
	certFile, keyFile, roots := certificateFiles(t)
	names := []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
	served, status := 0, 200
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served++
		for _, name := range names {
			w.Header().Set(name, "chunked")
		}
		w.WriteHeader(status)
	})
	_, address := listen(t, app, ListenOptions{CertFile: certFile, KeyFile: keyFile})
	for _, status = range []int{404, 200} {
		answer := overHTTP2(t, address, roots, "x", "y")
		require.Equal(t, strconv.Itoa(status), answer.PseudoValue("status"))
		for _, field := range answer.RegularFields() {
			require.NotContains(t, names, field.Name)
		}
	}
	require.Equal(t, 2, served)
	for _, name := range names {
		if refused := overHTTP2(t, address, roots, name, "chunked"); refused != nil {
			require.Equal(t, "400", refused.PseudoValue("status"), name)
		}
		require.Equal(t, 2, served, name)
	}
}

func TestServer_UnusableCertificate(t *testing.T) {
	certFile, _, _ := certificateFiles(t)
	_, otherKey, _ := certificateFiles(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, files := range [][2]string{{certFile, otherKey}, {empty, empty}, {certFile, "/none"}} {
		_, err := Listen(ListenOptions{Addr: "127.0.0.1:0", CertFile: files[0], KeyFile: files[1]}, echo, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "TLS_CERT_FILE and TLS_KEY_FILE cannot be used")
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestServer_ShutdownAnswersRequestsInFlight(t *testing.T) {
	s, address := listen(t, echo, ListenOptions{})
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "POST /last HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the handler is reading")
	stopped := make(chan error)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	for err == nil { // until the port is closed
		var other net.Conn
		if other, err = net.Dial("tcp", address); err == nil {
			other.Close()
		}
	}
	fmt.Fprint(conn, "a=b")
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	res, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /last a=b", string(body))
	require.NoError(t, <-stopped)
}

// Shutdown does not wait for idle HTTP/2 connections.
func TestServer_ShutdownAnswersHTTP2Requests(t *testing.T) {
	certFile, keyFile, roots := certificateFiles(t)
	s, address := listen(t, echo, ListenOptions{CertFile: certFile, KeyFile: keyFile})
	browser := func() *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, ExpectContinueTimeout: time.Minute}}
	}
	res, err := browser().Get("https://" + address + "/idle")
	require.NoError(t, err)
	require.Equal(t, 2, res.ProtoMajor)
	require.NoError(t, res.Body.Close())

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stopped, body := make(chan error), strings.NewReader("a=b")
	trace := &httptrace.ClientTrace{Got100Continue: func() { // the handler has begun to read
		go func() { stopped <- s.Shutdown(ctx) }()
		for err := error(nil); err == nil; { // until the port is closed
			var other net.Conn
			if other, err = net.Dial("tcp", address); err == nil {
				other.Close()
			}
		}
	}}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "POST", "https://"+address+"/last", body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue")
	res, err = browser().Do(req)
	require.NoError(t, err)
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /last a=b", string(answer))
	require.NoError(t, <-stopped)
}

// 0.0.0.0 must not accept IPv6, which a firewall for IPv4 leaves open. [::] accepts
// both.
func TestListen_AddressFamily(t *testing.T) {
	loopback, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		loopback.Close()
	}
	hasIPv6 := err == nil
	for addr, ipv6 := range map[string]bool{"0.0.0.0:0": false, "[::]:0": hasIPv6} {
		s, err := Listen(ListenOptions{Addr: addr}, echo, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		_, port, err := net.SplitHostPort(s.Address())
		require.NoError(t, err)
		for ip, listens := range map[string]bool{"127.0.0.1": true, "::1": ipv6} {
			conn, err := net.Dial("tcp", net.JoinHostPort(ip, port))
			require.Equal(t, listens, err == nil, "%s by %s", addr, ip)
			if err == nil {
				conn.Close()
			}
		}
		s.close()
	}
}
