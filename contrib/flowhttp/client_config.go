package flowhttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/resilience"
)

// ClientConfig is the config of a [Client]. The zero value is a good start.
type ClientConfig struct {
	// Concurrency is how many requests may be under way at the same time, until the header of their
	// answer is there; further ones are rejected at once. Defaults to 0: no bound.
	Concurrency int `json:"concurrency" yaml:"concurrency" env:"CONCURRENCY"`
	// Stack is the config of timeouts, retries and breaker. Its Retry.MaxDelay defaults to its Timeout
	// here (and to 1 s at least), so that a server's Retry-After is waited for when the call has the time.
	Stack resilience.StandardConfig `json:"stack" yaml:"stack" envPrefix:"STACK_"`
	// Hedge sends requests that only read a second time when the first is late. Defaults to false.
	Hedge bool `json:"hedge" yaml:"hedge" env:"HEDGE"`
	// Hedging is the config of the hedge, when there is one.
	Hedging resilience.HedgeConfig `json:"hedging" yaml:"hedging" envPrefix:"HEDGING_"`
	// Transport is the config of the transport that does all this.
	Transport TransportConfig `json:"transport" yaml:"transport" envPrefix:"TRANSPORT_"`
	// Connections is the config of what is below it. It is not looked at with [WithBase].
	Connections ConnectionsConfig `json:"connections" yaml:"connections" envPrefix:"CONNECTIONS_"`
}

// Validate reports everything that is wrong with c.
func (c ClientConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.Concurrency >= 0, "Concurrency", c.Concurrency, "must not be negative")
	return errors.Join(faults.Err(),
		part("Stack", c.withDefaults().Stack.Validate()), part("Hedging", c.Hedging.Validate()),
		part("Transport", c.Transport.Validate()), part("Connections", c.Connections.Validate()))
}

// part says which part of a config is at fault.
func part(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (c ClientConfig) withDefaults() ClientConfig {
	if c.Stack.Retry.MaxDelay == 0 {
		timeout := c.Stack.Timeout
		orDefault(&timeout, defaultTimeout)
		c.Stack.Retry.MaxDelay = max(timeout, time.Second)
	}
	c.Connections = c.Connections.withDefaults()
	return c
}

// defaultTimeout is that of resilience.StandardConfig.
const defaultTimeout = 10 * time.Second

// ConnectionsConfig is how a [Client] connects. The zero value is ready to use.
type ConnectionsConfig struct {
	// DialTimeout is how long it may take to connect. Defaults to 3 s.
	DialTimeout time.Duration `json:"dial_timeout" yaml:"dial_timeout" env:"DIAL_TIMEOUT"`
	// TLSTimeout is how long a TLS handshake may take. Defaults to 3 s.
	TLSTimeout time.Duration `json:"tls_timeout" yaml:"tls_timeout" env:"TLS_TIMEOUT"`
	// IdleTimeout is how long a connection is kept without use. Keep it below the server's: who closes
	// first should be who knows. Defaults to 60 s.
	IdleTimeout time.Duration `json:"idle_timeout" yaml:"idle_timeout" env:"IDLE_TIMEOUT"`
	// MaxIdlePerHost is how many connections to a host are kept without use. Defaults to 64.
	MaxIdlePerHost int `json:"max_idle_per_host" yaml:"max_idle_per_host" env:"MAX_IDLE_PER_HOST"`
	// MaxPerHost is how many connections to a host there may be; a request that needs one more waits.
	// Defaults to 0: no bound.
	MaxPerHost int `json:"max_per_host" yaml:"max_per_host" env:"MAX_PER_HOST"`
	// MaxHeaderBytes bounds the header of an answer. Defaults to 256 KiB.
	MaxHeaderBytes int `json:"max_header_bytes" yaml:"max_header_bytes" env:"MAX_HEADER_BYTES"`
}

// Validate reports everything that is wrong with c.
func (c ConnectionsConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.DialTimeout >= 0, "DialTimeout", c.DialTimeout, "must not be negative")
	faults.Require(c.TLSTimeout >= 0, "TLSTimeout", c.TLSTimeout, "must not be negative")
	faults.Require(c.IdleTimeout >= 0, "IdleTimeout", c.IdleTimeout, "must not be negative")
	faults.Require(c.MaxIdlePerHost >= 0, "MaxIdlePerHost", c.MaxIdlePerHost, "must not be negative")
	faults.Require(c.MaxPerHost >= 0, "MaxPerHost", c.MaxPerHost, "must not be negative")
	faults.Require(c.MaxHeaderBytes >= 0, "MaxHeaderBytes", c.MaxHeaderBytes, "must not be negative")
	return faults.Err()
}

func (c ConnectionsConfig) withDefaults() ConnectionsConfig {
	orDefault(&c.DialTimeout, 3*time.Second)
	orDefault(&c.TLSTimeout, 3*time.Second)
	orDefault(&c.IdleTimeout, time.Minute)
	orDefault(&c.MaxIdlePerHost, 64)
	orDefault(&c.MaxHeaderBytes, 256<<10)
	return c
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// transport makes what the config says. Proxies come from the environment, as net/http has it, and
// HTTP/2 is spoken where the server does.
func (c ConnectionsConfig) transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: c.DialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    c.TLSTimeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        c.IdleTimeout,
		MaxIdleConnsPerHost:    c.MaxIdlePerHost,
		MaxConnsPerHost:        c.MaxPerHost,
		MaxResponseHeaderBytes: int64(c.MaxHeaderBytes),
	}
}
