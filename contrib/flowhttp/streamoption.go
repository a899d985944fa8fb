package flowhttp

import (
	"time"

	"github.com/goflow-go/goflow/core"
)

// ReadOption configures [NDJSON] and [Events].
type ReadOption interface{ applyRead(*readOptions) }

// EventOption configures [WriteEvents].
type EventOption interface{ applyEvents(*writeOptions) }

// WriteOption configures [WriteNDJSON] and [WriteEvents].
type WriteOption interface {
	EventOption
	applyWrite(*writeOptions)
}

type readOptions struct{ max int }

type writeOptions struct {
	timeout   time.Duration
	heartbeat time.Duration
}

type readOptionFunc func(*readOptions)

func (f readOptionFunc) applyRead(o *readOptions) { f(o) }

type eventOptionFunc func(*writeOptions)

func (f eventOptionFunc) applyEvents(o *writeOptions) { f(o) }

type writeOptionFunc func(*writeOptions)

func (f writeOptionFunc) applyEvents(o *writeOptions) { f(o) }
func (f writeOptionFunc) applyWrite(o *writeOptions)  { f(o) }

// WithMaxBytes bounds a line or an event: a longer one ends the run with a [*TooLongError]. Memory is
// taken as it comes, up to the bound. Defaults to 1 MiB.
func WithMaxBytes(n int) ReadOption {
	return readOptionFunc(func(o *readOptions) { o.max = n })
}

// WithWriteTimeout bounds how long the client may take for what is sent to it at once, up to 64 KiB:
// one that takes longer is cut off. From the first write on, it stands in for the server's WriteTimeout.
// 0 is no bound. Defaults to 30 s.
func WithWriteTimeout(d time.Duration) WriteOption {
	return writeOptionFunc(func(o *writeOptions) { o.timeout = d })
}

// WithHeartbeat sends a comment, which clients ignore, when no event was sent for so long, so that
// proxies keep the connection and a client that is gone is noticed. 0 sends none. Defaults to 15 s.
func WithHeartbeat(d time.Duration) EventOption {
	return eventOptionFunc(func(o *writeOptions) { o.heartbeat = d })
}

// maxBytes is the default bound of a line or an event.
const maxBytes = 1 << 20

func newReadOptions(opts []ReadOption) (readOptions, error) {
	o := readOptions{max: maxBytes}
	for _, opt := range opts {
		if opt != nil {
			opt.applyRead(&o)
		}
	}
	var faults core.Faults
	faults.Require(o.max > 0, "WithMaxBytes", o.max, "must be above 0")
	return o, faults.Err()
}

func newWriteOptions() writeOptions {
	return writeOptions{timeout: 30 * time.Second, heartbeat: 15 * time.Second}
}

func (o writeOptions) validate() error {
	var faults core.Faults
	faults.Require(o.timeout >= 0, "WithWriteTimeout", o.timeout, "must not be negative")
	faults.Require(o.heartbeat >= 0, "WithHeartbeat", o.heartbeat, "must not be negative")
	return faults.Err()
}
