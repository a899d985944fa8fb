package streams

import (
	"context"
	"math"
	"sync"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/telemetry"
)

// chunkLen is how many items move together between steps that run in one goroutine: enough that a
// call per chunk costs nothing, few enough to stay in the first cache.
const chunkLen = 256

// run is what the steps of one run share, as seen by one of them: a step may ask less of those above
// it than is asked of itself.
type run struct {
	inst  *instrument
	chunk func() int // for tests: how long the next chunk may be; nil for the usual

	// want is how many more items those below can take; nil for any number. A source reads no more.
	// It is called in the goroutine of the source, so a step that hands over to another goroutine
	// asks for any number: it reads ahead.
	want func() int

	// careful says that those below may stop at any item: a source that cannot give back what it
	// read reads one at a time.
	careful bool

	held  *holder           // what is held in the goroutine of those below
	over  *ending           // the end of the run
	after func(error) error // what the terminal operation waits for when those above have ended; may be nil
}

func newRun(t trait) *run {
	return &run{inst: newInstrument(t), chunk: t.chunk, held: new(holder), over: new(ending)}
}

// ending is what sources have to do at the end of a run.
type ending struct {
	mu    sync.Mutex
	funcs []func() error
}

// atEnd lets a source do something when nothing of the run goes on any more, but what the source
// itself started.
func (r *run) atEnd(f func() error) {
	r.over.mu.Lock()
	defer r.over.mu.Unlock()
	r.over.funcs = append(r.over.funcs, f)
}

// end does what sources left for the end. Their errors count if the run ended well.
func (r *run) end(err error) error {
	for _, f := range r.over.funcs {
		if last := f(); err == nil {
			err = last
		}
	}
	return err
}

// begin starts the run's telemetry; finish ends it.
func (r *run) begin(ctx context.Context) (c context.Context, finish func(error)) {
	return r.inst.begin(ctx)
}

// limit is how long the next chunk may be, at least 1.
func (r *run) limit() int {
	n := chunkLen
	if r.chunk != nil {
		n = r.chunk()
	}
	if r.want != nil {
		n = min(n, r.want())
	}
	return max(n, 1)
}

// read is limit for a source that cannot give back what it read.
func (r *run) read() int {
	if r.careful {
		return 1
	}
	return r.limit()
}

// asking is r for the steps above one that takes at most want() more items.
func (r *run) asking(want func() int) *run {
	above := *r
	if below := r.want; below != nil {
		above.want = func() int { return min(want(), below()) }
	} else {
		above.want = want
	}
	return &above
}

// scaled is r for the steps above one that makes one item of about per() of theirs.
func (r *run) scaled(per func(items int) int) *run {
	if r.want == nil {
		return r
	}
	above, below := *r, r.want
	above.want = func() int { return per(min(below(), math.MaxInt32)) }
	return &above
}

// carefully is r for the steps above one that may stop at any item.
func (r *run) carefully() *run {
	above := *r
	above.careful = true
	return &above
}

// apart is r for the steps above one that runs them in a goroutine of their own, and so reads ahead.
func (r *run) apart() *run {
	above := r.greedy()
	above.held = new(holder)
	return above
}

// greedy is r for the steps above one that takes all there is.
func (r *run) greedy() *run {
	above := *r
	above.want, above.careful = nil, false
	return &above
}

// stage begins a step of the run.
func (r *run) stage(name string) *stage {
	s := r.inst.stage(name)
	s.held = r.held
	return s
}

// background runs f in a goroutine of the run and gives its error, exactly once.
func (r *run) background(ctx context.Context, f func(ctx context.Context) error) <-chan error {
	return spawn(ctx, r.inst.name, f)
}

// spawn runs f in a goroutine and gives its error, exactly once. Its panic, or its end of the
// goroutine, is an error too.
func spawn(ctx context.Context, name string, f func(ctx context.Context) error) <-chan error {
	result := make(chan error, 1)
	go telemetry.Labeled(ctx, "stream", name, func(ctx context.Context) {
		err := core.ErrAborted
		defer func() { result <- err }()
		err = core.Try(ctx, f)
	})
	return result
}

// counted is the emit of the run's end.
func counted[T any](r *run, emit func([]T) error) func([]T) error {
	return func(chunk []T) error {
		r.inst.items += int64(len(chunk))
		return emit(chunk)
	}
}
