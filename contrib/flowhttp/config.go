package flowhttp

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/goflow-go/goflow/core"
)

// MiddlewareConfig is the config of a [Middleware]. The zero value is ready to use.
type MiddlewareConfig struct {
	// TrustedProxies are the networks whose word about a client's address is taken: the proxies
	// and load balancers in front of this server. Defaults to none, so that the X-Forwarded-For
	// header is ignored.
	TrustedProxies []netip.Prefix `json:"trusted_proxies" yaml:"trusted_proxies" env:"TRUSTED_PROXIES"`
	// ServerName is the host, or host:port, reported as server.address (and server.port). It is
	// never taken from the Host header: clients choose that, and each value would make new
	// series. Defaults to the middleware's name.
	ServerName string `json:"server_name" yaml:"server_name" env:"SERVER_NAME"`
	// OnLimiterError says what happens to a request when the limiter fails to answer. Defaults
	// to FailClosed.
	OnLimiterError FailureMode `json:"on_limiter_error" yaml:"on_limiter_error" env:"ON_LIMITER_ERROR"`
	// Headers says how the quota is shown to clients. Defaults to HeadersDraft11.
	Headers Headers `json:"headers" yaml:"headers" env:"HEADERS"`
	// RetryAfter is when those come back who found no room (an error of class queue_full: a
	// concurrency limit, a full line), which cannot know. Whole seconds are sent, rounded up. Defaults
	// to 1 s; a negative value means that they are told nothing.
	RetryAfter time.Duration `json:"retry_after" yaml:"retry_after" env:"RETRY_AFTER"`
}

// Validate reports everything that is wrong with c.
func (c MiddlewareConfig) Validate() error {
	var faults core.Faults
	for i, p := range c.TrustedProxies {
		field := fmt.Sprintf("TrustedProxies[%d]", i)
		faults.Require(p.IsValid(), field, p, "must be a network such as 10.0.0.0/8")
		faults.Require(!p.Addr().Is4In6(), field, p, "must be written as an IPv4 network")
	}
	faults.Require(c.OnLimiterError <= FailOpen, "OnLimiterError", uint8(c.OnLimiterError), "must be FailClosed or FailOpen")
	faults.Require(c.Headers <= HeadersOff, "Headers", uint8(c.Headers), "must be HeadersDraft11 or HeadersOff")
	return faults.Err()
}

func (c MiddlewareConfig) withDefaults(name string) MiddlewareConfig {
	if c.ServerName == "" {
		c.ServerName = name
	}
	if c.RetryAfter == 0 {
		c.RetryAfter = time.Second
	}
	return c
}

// TransportConfig is the config of a [Transport]. The zero value is ready to use.
type TransportConfig struct {
	// MaxDrain is how many bytes of an abandoned attempt's response are read, for up to 100 ms,
	// so that its connection can be used again. A longer response costs its connection.
	// Defaults to 64 KiB.
	MaxDrain int `json:"max_drain" yaml:"max_drain" env:"MAX_DRAIN"`
	// ResendRefused takes an answer of status 429, and one of 503 with Retry-After, as a promise that
	// the server left the request undone, so that policies may send any request again whose body can
	// be copied. Not every server means that. Defaults to false: only what is repeatable is sent again.
	ResendRefused bool `json:"resend_refused" yaml:"resend_refused" env:"RESEND_REFUSED"`
}

// Validate reports everything that is wrong with c.
func (c TransportConfig) Validate() error {
	var faults core.Faults
	faults.Require(c.MaxDrain >= 0, "MaxDrain", c.MaxDrain, "must not be negative")
	return faults.Err()
}

func (c TransportConfig) withDefaults() TransportConfig {
	if c.MaxDrain == 0 {
		c.MaxDrain = 64 << 10
	}
	return c
}

// FailureMode says what happens to a request when the limiter cannot say whether it may pass.
type FailureMode uint8

const (
	// FailClosed answers 503. A limiter that depends on others (on Redis, say) has a fallback of
	// its own for outages, so an error from it is not one.
	FailClosed FailureMode = iota
	// FailOpen lets the request pass. Whoever can make the limiter fail is then not limited.
	FailOpen
)

// String is the text a config holds: "closed" or "open".
func (m FailureMode) String() string { return spell(m, failureModes) }

// MarshalText gives the text UnmarshalText reads.
func (m FailureMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads "closed" or "open".
func (m *FailureMode) UnmarshalText(text []byte) (err error) {
	*m, err = read[FailureMode](text, failureModes)
	return err
}

var failureModes = []string{FailClosed: "closed", FailOpen: "open"}

// Headers is how the quota is shown to clients.
type Headers uint8

const (
	// HeadersDraft11 sends RateLimit and RateLimit-Policy in the form of
	// draft-ietf-httpapi-ratelimit-headers-11.
	HeadersDraft11 Headers = iota
	// HeadersOff sends neither. Retry-After is sent all the same.
	HeadersOff
)

// String is the text a config holds: "draft-11" or "off".
func (h Headers) String() string { return spell(h, headerForms) }

// MarshalText gives the text UnmarshalText reads.
func (h Headers) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads "draft-11" or "off".
func (h *Headers) UnmarshalText(text []byte) (err error) {
	*h, err = read[Headers](text, headerForms)
	return err
}

var headerForms = []string{HeadersDraft11: "draft-11", HeadersOff: "off"}

func spell[E ~uint8](e E, words []string) string {
	if int(e) < len(words) {
		return words[e]
	}
	return "unknown"
}

func read[E ~uint8](text []byte, words []string) (E, error) {
	for i, word := range words {
		if string(text) == word {
			return E(i), nil
		}
	}
	return 0, fmt.Errorf("flowhttp: %.64q is none of %q", text, words)
}
