package flowhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// protocols start a server that speaks one, and give a client of it.
var protocols = map[string]func(testing.TB, http.Handler) (*httptest.Server, *http.Client){
	"HTTP/1.1": serve,
	"HTTP/2":   serveHTTP2,
	"h2c":      serveH2C,
}

// serveHTTP2 speaks HTTP/2 over TLS.
func serveHTTP2(t testing.TB, h http.Handler) (*httptest.Server, *http.Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, s.Client()
}

// serveH2C speaks HTTP/2 without TLS.
func serveH2C(t testing.TB, h http.Handler) (*httptest.Server, *http.Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	base := &http.Transport{Protocols: new(http.Protocols)}
	base.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(s.Close)
	t.Cleanup(base.CloseIdleConnections)
	return s, &http.Client{Transport: base}
}
