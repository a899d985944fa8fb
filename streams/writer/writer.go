package writer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/internal/label"
)

// Writer is an io.WriteCloser that writes to another io.Writer, its sink, from a goroutine of its own.
//
// Write copies into the open buffer, and that is all it does: it costs a copy and two atomic operations. A buffer is
// written to the sink when it is full, when FlushInterval has passed since the first write in it, and by
// [Writer.Flush]. Close or Stop it, or what is in the buffers is never written. It is a core.Service too: it
// works from [New] on, Start only says whether it still does. All methods are safe for concurrent use.
type Writer struct {
	cfg    Config
	inst   instrument
	sink   io.Writer
	policy core.Policy
	queue  Queue
	hook   func(Loss)
	slots  []piece
	size   uint64 // of a buffer, in bytes
	most   uint64 // writes in a buffer
	timer  *time.Timer
	cancel context.CancelFunc // of the context of policies
	wake   chan struct{}      // there may be something to write
	kick   chan struct{}      // someone waits: end the pause after a failure
	done   chan struct{}      // closed when no more is written and final is set
	closed *ClosedError

	// Who writes changes the state and one of the others: in one cache line they move between processors once.
	_       [64]byte
	state   atomic.Uint64   // the open buffer and how full it is; see ring.go
	missing [7]atomic.Int64 // of the first slots
	_       [64]byte

	mu   sync.Mutex
	room sync.Cond // a buffer has become free, the sink has begun to fail, or the writer closes

	// Guarded by mu.
	free    []*piece // buffers that hold nothing
	full    []*piece // sealed, the oldest first
	current *piece   // being written
	last    *piece   // sealed by Stop, while what comes before it is in the queue
	due     bool     // the open buffer is to be written, full or not
	large   int      // bytes of writes larger than a buffer

	sealed, written, dropped, lost, rejected Amount

	spilled    Amount // in the queue
	firstSpill int64  // the position of the oldest write there, or one before it
	inherited  int64  // writes that were there before the writer, and are not read yet

	failing  error    // the sink's, or the queue's
	attempts int64    // to write to the sink, that have begun
	running  *attempt // the one that has not ended
	flushes  []*flush
	told     Amount // of dropped and lost, what a Flush has reported
	cause    error  // why writes were lost that no Flush has reported
	reason   error  // why writes were lost last
	news     []Loss // for the hook, told without mu
	closing  bool
	dead     bool // while closing: the sink was given up
	finished bool
	final    error

	// Of the goroutine that writes to the sink.
	scratch []byte // what is read from the queue
	skip    int    // records at the head of the queue that were written, but could not be discarded
}

// New makes a writer to sink, ready to use. The name is its telemetry's and its errors'. A wrong config is an error
// that names every field at fault. sink is used by one goroutine at a time, and is not closed by the writer.
func New(name string, sink io.Writer, cfg Config, opts ...Option) (*Writer, error) {
	o := newOptions(opts)
	if err := core.Configure(pkg, name, validate(sink, cfg, o)); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	w := &Writer{
		cfg: cfg, inst: newInstrument(name, o), sink: sink, policy: o.policy, queue: o.queue, hook: o.hook,
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1), done: make(chan struct{}),
		closed: &ClosedError{name},
	}
	w.room.L = &w.mu
	w.allocate()
	w.inherit()
	w.timer = time.AfterFunc(time.Hour, w.tick)
	w.timer.Stop()
	w.inst.start(w)
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.begin(ctx)
	return w, nil
}

// validate reports everything that is wrong with what New was given.
func validate(sink io.Writer, cfg Config, o options) error {
	var faults core.Faults
	faults.Require(sink != nil, "sink", sink, "must not be nil")
	faults.Require(cfg.Overflow != Spill || o.queue != nil, "Overflow", cfg.Overflow, "needs WithQueue")
	faults.Require(cfg.Overflow == Spill || o.queue == nil, "Overflow", cfg.Overflow, "must be spill to use the queue")
	return errors.Join(faults.Err(), cfg.Validate())
}

// begin starts the goroutine that writes to the sink.
func (w *Writer) begin(ctx context.Context) {
	go label.Do(ctx, "writer", w.inst.name, w.work)
}

// Name is the name the writer was made with.
func (w *Writer) Name() string { return w.inst.name }

// String gives the name and the bounds.
func (w *Writer) String() string {
	return fmt.Sprintf("writer %q: %d buffers of %d bytes, %v", w.inst.name, w.cfg.Buffers, w.cfg.BufferBytes, w.cfg.Overflow)
}

// Write accepts p whole or not at all; p may be used again when it returns. It waits only under [Block], while all
// buffers are full, and under [Spill] for the queue. An empty p does nothing.
//
// An error means that nothing of p was accepted: a [*FullError], a [*ClosedError] or a [*TooLargeError]. What
// becomes of what was accepted is told by Flush and Close.
func (w *Writer) Write(p []byte) (int, error) {
	n := uint64(len(p))
	for n > 0 {
		s := w.state.Load()
		if s&offsetMask+n > w.size || countOf(s) == w.most {
			break
		}
		if w.state.CompareAndSwap(s, s+n+oneWrite) {
			w.put(s, p)
			return len(p), nil
		}
	}
	return w.slow(p)
}

// WriteString is Write of a string.
func (w *Writer) WriteString(s string) (int, error) {
	return w.Write(unsafe.Slice(unsafe.StringData(s), len(s))) // only read
}
