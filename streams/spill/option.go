package spill

import (
	"time"

	"github.com/goflow-go/goflow/telemetry"
)

// Option configures a queue from code.
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	telemetry []telemetry.Option
	onDrop    func(Dropped)
}

// WithTelemetry sets where the queue's telemetry goes, and when it makes spans.
func WithTelemetry(opts ...telemetry.Option) Option {
	return optionFunc(func(o *options) { o.telemetry = append(o.telemetry, opts...) })
}

// Dropped is a segment that [DropOldest] freed.
type Dropped struct {
	Queue   string    // the queue's name
	Records int       // its records that were not acknowledged
	Bytes   int64     // its size
	First   uint64    // the number of its first record
	Last    uint64    // the number of its last record
	Oldest  time.Time // when its first record was pushed
}

// WithDropHook sets what is told of each segment that [DropOldest] frees. The hook runs in the
// goroutine that pushes, which waits for it; it may use the queue. A panic of it is that push's.
func WithDropHook(hook func(Dropped)) Option {
	return optionFunc(func(o *options) { o.onDrop = hook })
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}
