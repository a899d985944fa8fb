package flowhttp_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/contrib/flowhttp"
)

// certificate writes one for 127.0.0.1, and gives its files and who trusts it.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		keyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return certFile, keyFile, roots
}

func TestServerSpeaksTheProtocolsOfItsConfig(t *testing.T) {
	t.Parallel()
	certFile, keyFile, roots := certificate(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	protocols := func(set ...func(*http.Protocols)) *http.Protocols {
		var p http.Protocols
		for _, f := range set {
			f(&p)
		}
		return &p
	}
	http1 := func(p *http.Protocols) { p.SetHTTP1(true) }
	http2 := func(p *http.Protocols) { p.SetHTTP2(true) }
	h2c := func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }
	for _, c := range []struct {
		name   string
		cfg    flowhttp.ServerConfig
		client *http.Protocols
		want   string
	}{
		{"by default", flowhttp.ServerConfig{}, protocols(http1), "HTTP/1.1, TLS false"},
		{"certificate in files", flowhttp.ServerConfig{CertFile: certFile, KeyFile: keyFile}, protocols(http1, http2), "HTTP/2.0, TLS true"},
		{"a client of HTTP/1 only", flowhttp.ServerConfig{CertFile: certFile, KeyFile: keyFile}, protocols(http1), "HTTP/1.1, TLS true"},
		{"certificate in code", flowhttp.ServerConfig{TLS: &tls.Config{Certificates: []tls.Certificate{pair}}}, protocols(http1, http2), "HTTP/2.0, TLS true"},
		{"H2C", flowhttp.ServerConfig{H2C: true}, protocols(h2c), "HTTP/2.0, TLS false"},
		{"H2C and a client of HTTP/1", flowhttp.ServerConfig{H2C: true}, protocols(http1), "HTTP/1.1, TLS false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, url := started(t, c.cfg, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintf(w, "%s, TLS %t", r.Proto, r.TLS != nil)
			}))
			if strings.HasSuffix(c.want, "true") {
				url = "https://" + s.Addr().String()
			}
			client := &http.Client{Transport: &http.Transport{Protocols: c.client, TLSClientConfig: &tls.Config{RootCAs: roots}}}
			t.Cleanup(client.CloseIdleConnections)
			if got := get(t, client, url).body; got != c.want {
				t.Errorf("spoke %s, want %s", got, c.want)
			}
		})
	}
}

func TestServerStopFinishesStreamsOfHTTP2(t *testing.T) {
	t.Parallel()
	h := newHeld(t)
	s := h2cServer(t, h)
	client := h2cClient(t)
	done := make(chan reply, 1)
	go func() { done <- get(t, client, "http://"+s.Addr().String()) }()
	<-h.entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(t.Context()) }()
	refused(t, s)
	h.letGo()
	if got := <-done; got.status != 200 || got.body != "whole" {
		t.Errorf("got %d %q, want the answer whole", got.status, got.body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop = %v", err)
	}
}

// h2cServer starts a server of HTTP/2 without TLS.
func h2cServer(t *testing.T, h http.Handler) *flowhttp.Server {
	t.Helper()
	s, _ := started(t, flowhttp.ServerConfig{H2C: true}, h)
	return s
}

// h2cClient makes a client that speaks HTTP/2 without TLS.
func h2cClient(t *testing.T) *http.Client {
	t.Helper()
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	c := &http.Client{Transport: &http.Transport{Protocols: &p}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestServerNamesWhatIsWrongWithItsTLS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  flowhttp.ServerConfig
		want string
	}{
		{flowhttp.ServerConfig{CertFile: "a"}, `KeyFile must be set with CertFile, got `},
		{flowhttp.ServerConfig{KeyFile: "a"}, `CertFile must be set with KeyFile, got `},
		{flowhttp.ServerConfig{TLS: &tls.Config{}}, `TLS must have a certificate, or CertFile must be set, got "none"`}, //nolint:gosec // it is never used
		{flowhttp.ServerConfig{H2C: true, CertFile: "a", KeyFile: "b"}, `H2C must not be set with TLS`},
		{flowhttp.ServerConfig{ReadTimeout: -1}, `ReadTimeout must not be negative`},
	} {
		c.cfg.Addr = loopback
		if _, err := flowhttp.NewServer("api", c.cfg, ok); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q in it", err, c.want)
		}
	}
	s, err := flowhttp.NewServer("api", flowhttp.ServerConfig{Addr: loopback, CertFile: "/nowhere.pem", KeyFile: "/nowhere.key"}, ok)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `flowhttp: server "api": open /nowhere.pem`) {
		t.Errorf("Start = %v, want the missing file", err)
	}
}
