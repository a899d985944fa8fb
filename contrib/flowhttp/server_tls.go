package flowhttp

import (
	"crypto/tls"
	"net"
	"net/http"

	"github.com/goflow-go/goflow/core"
)

// requireTLS notes what is wrong with how the server is to speak TLS.
func (c ServerConfig) requireTLS(faults *core.Faults) {
	faults.Require(c.KeyFile != "" || c.CertFile == "", "KeyFile", c.KeyFile, "must be set with CertFile")
	faults.Require(c.CertFile != "" || c.KeyFile == "", "CertFile", c.CertFile, "must be set with KeyFile")
	if c.TLS != nil && c.CertFile == "" {
		has := len(c.TLS.Certificates) > 0 || c.TLS.GetCertificate != nil || c.TLS.GetConfigForClient != nil
		faults.Require(has, "TLS", "none", "must have a certificate, or CertFile must be set")
	}
	faults.Require(!c.H2C || !c.secure(), "H2C", c.H2C, "must not be set with TLS, where HTTP/2 is spoken anyway")
}

// secure reports whether the server speaks TLS.
func (c ServerConfig) secure() bool { return c.TLS != nil || c.CertFile != "" }

// tls makes the config TLS is spoken with; nil without TLS.
func (c ServerConfig) tls() (*tls.Config, error) {
	if !c.secure() {
		return nil, nil
	}
	cfg := c.TLS.Clone()
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = append(cfg.Certificates, pair)
	}
	return cfg, nil
}

// protocols are those that are spoken: HTTP/1.1, and HTTP/2 over TLS or when the config says H2C.
func (c ServerConfig) protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(c.secure())
	p.SetUnencryptedHTTP2(c.H2C)
	return &p
}

// accept serves until the listener is closed.
func (r *serving) accept(listener net.Listener) error {
	if r.server.TLSConfig != nil {
		return r.server.ServeTLS(listener, "", "")
	}
	return r.server.Serve(listener)
}
