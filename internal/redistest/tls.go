package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is who clients trust, and what it signed for all servers of a lab.
type authority struct {
	pool              *x509.CertPool
	ca, cert, keyFile string    // files
	within            time.Time // a time at which all is valid
}

// newAuthority writes a CA's certificate, and a server's that it signed.
func newAuthority(dir string, expired bool) (*authority, error) {
	now := time.Now()
	a := &authority{pool: x509.NewCertPool(), within: now}
	a.ca, a.cert, a.keyFile = filepath.Join(dir, "ca.crt"), filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redistest"},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: addresses(),
	}
	if expired {
		leaf.NotAfter = now.Add(-time.Minute)
		a.within = now.Add(-time.Hour)
	}
	return a, a.sign(root, leaf)
}

// addresses are those that servers of a lab may have.
func addresses() []net.IP {
	ips := []net.IP{net.IPv4(127, 0, 0, 1)}
	for i := range 9 {
		ips = append(ips, net.IPv4(127, 1, 0, byte(i+1)))
	}
	return ips
}

// sign makes the keys and writes the files.
func (a *authority) sign(root, leaf *x509.Certificate) error {
	rootKey, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	rootDER, err1 := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	leafDER, err2 := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	keyDER, err3 := x509.MarshalPKCS8PrivateKey(leafKey)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	rootPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	a.pool.AppendCertsFromPEM(rootPEM)
	return errors.Join(
		os.WriteFile(a.ca, rootPEM, 0o600),
		os.WriteFile(a.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}), 0o600),
		os.WriteFile(a.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600),
	)
}

// config is what servers need to know.
func (a *authority) config() []string {
	return []string{
		fmt.Sprintf("tls-ca-cert-file %q", a.ca),
		fmt.Sprintf("tls-cert-file %q", a.cert),
		fmt.Sprintf("tls-key-file %q", a.keyFile),
	}
}

// inTime is a client's config by which nothing has expired.
func (a *authority) inTime() *tls.Config {
	return &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12, Time: func() time.Time { return a.within }}
}

// clientTLS is what clients need to trust the servers, or nil when they do not speak TLS.
func (l *lab) clientTLS() *tls.Config {
	if !l.tls {
		return nil
	}
	return &tls.Config{RootCAs: l.tlsCA.pool, MinVersion: tls.VersionTLS12}
}
