package limit

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a limiter from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	showKey   func(key string) string
	overload  func(err error) bool
	classOf   func(key string) int
	classes   []Quota
}

// WithTelemetry sets where the limiter's telemetry goes, and when it makes spans.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// WithKeyAttribute puts show(key) on the spans of a [Keyed] limiter as goflow.limiter.key. Without
// it keys are never shown; metrics never carry them. Use [HashKey] when keys are personal data. What
// show returns is cut at 128 bytes.
func WithKeyAttribute(show func(key string) string) Option {
	return optionFunc(func(o *options) { o.showKey = show })
}

// HashKey gives the first 16 hexadecimal digits of key's SHA-256: the same key can be followed
// through traces without being read there.
func HashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

func newOptions(opts []Option) options {
	o := options{overload: IsOverload}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
