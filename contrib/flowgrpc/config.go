package flowgrpc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/goflow-go/goflow/core"
)

// GuardConfig is the config of a [Guard]. The zero value is ready to use.
type GuardConfig struct {
	// TrustedProxies are the networks whose word about a client's address is taken: the proxies
	// and load balancers in front of this server. Defaults to none, so that x-forwarded-for
	// metadata is ignored.
	TrustedProxies []netip.Prefix `json:"trusted_proxies" yaml:"trusted_proxies" env:"TRUSTED_PROXIES"`
	// OnLimiterError says what happens to a call when the limiter fails to answer. Defaults to
	// FailClosed.
	OnLimiterError FailureMode `json:"on_limiter_error" yaml:"on_limiter_error" env:"ON_LIMITER_ERROR"`
	// Messages says what the messages of a stream take from the limit of WithLimit. Defaults to
	// MessagesFree.
	Messages Messages `json:"messages" yaml:"messages" env:"MESSAGES"`
}

// Validate reports everything that is wrong with c.
func (c GuardConfig) Validate() error {
	var faults core.Faults
	for i, p := range c.TrustedProxies {
		field := fmt.Sprintf("TrustedProxies[%d]", i)
		faults.Require(p.IsValid(), field, p, "must be a network such as 10.0.0.0/8")
		faults.Require(!p.Addr().Is4In6(), field, p, "must be written as an IPv4 network")
	}
	faults.Require(c.OnLimiterError <= FailOpen, "OnLimiterError", uint8(c.OnLimiterError), "must be FailClosed or FailOpen")
	faults.Require(c.Messages <= MessagesPace, "Messages", uint8(c.Messages), "must be MessagesFree, MessagesReject or MessagesPace")
	return faults.Err()
}

// ClientConfig is the config of a [Client]. The zero value is ready to use.
type ClientConfig struct {
	// Idempotent lists methods that may be run more than once, "/package.Service/Method", or all of a
	// service, "/package.Service/", besides those of WithIdempotent. Defaults to none.
	Idempotent []string `json:"idempotent" yaml:"idempotent" env:"IDEMPOTENT"`
}

// Validate reports everything that is wrong with c.
func (c ClientConfig) Validate() error {
	var faults core.Faults
	for i, method := range c.Idempotent {
		service, _, ok := strings.Cut(strings.TrimPrefix(method, "/"), "/")
		good := ok && service != "" && strings.HasPrefix(method, "/")
		faults.Require(good, fmt.Sprintf("Idempotent[%d]", i), method, "must be /package.Service/Method, or /package.Service/")
	}
	return faults.Err()
}

// idempotent adds the config's methods to those of is, which may be nil.
func (c ClientConfig) idempotent(is func(fullMethod string) bool) func(fullMethod string) bool {
	listed := slices.Clone(c.Idempotent)
	return func(fullMethod string) bool {
		service := fullMethod[:strings.LastIndexByte(fullMethod, '/')+1]
		return slices.Contains(listed, fullMethod) || slices.Contains(listed, service) || is != nil && is(fullMethod)
	}
}

// FailureMode says what happens to a call when the limiter cannot say whether it may pass.
type FailureMode uint8

const (
	// FailClosed refuses it with Unavailable. A limiter that depends on others (on Redis, say) has
	// a fallback of its own for outages, so an error from it is not one.
	FailClosed FailureMode = iota
	// FailOpen lets the call pass. Whoever can make the limiter fail is then not limited.
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

// Messages is what the messages a stream receives take from a [Guard]'s limit. A stream takes a permit
// when it is opened, whatever is said here.
type Messages uint8

const (
	// MessagesFree takes nothing more: a stream counts as one call, however long it is.
	MessagesFree Messages = iota
	// MessagesReject takes a permit for each message after the first. Without one the stream ends
	// with ResourceExhausted: its context ends, its RecvMsg fails, and what the handler returns
	// no longer counts.
	MessagesReject
	// MessagesPace takes the same, but waits for it. Meanwhile nothing more is read from the
	// stream, so that in the end flow control stops the sender.
	MessagesPace
)

// String is the text a config holds: "free", "reject" or "pace".
func (m Messages) String() string { return spell(m, messageModes) }

// MarshalText gives the text UnmarshalText reads.
func (m Messages) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads "free", "reject" or "pace".
func (m *Messages) UnmarshalText(text []byte) (err error) {
	*m, err = read[Messages](text, messageModes)
	return err
}

var messageModes = []string{MessagesFree: "free", MessagesReject: "reject", MessagesPace: "pace"}

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
	return 0, fmt.Errorf("flowgrpc: %.64q is none of %q", text, words)
}
