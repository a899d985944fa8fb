package streams_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/streams"
)

// broker gives the messages 0, 1, ... n-1, from the first that was not acknowledged on. It knows how
// many items made of each are on their way, and notes what was acknowledged too early.
type broker struct {
	n     int
	first int // the number of message 0, to tell the messages of two brokers apart

	mu     sync.Mutex
	next   int         // to be fetched
	acked  int         // so many from the first on
	made   map[int]int // of a message that was fetched, what is on its way
	done   map[int]bool
	faults []string
	acks   int // how often Ack was called
}

func newBroker(n int) *broker { return &broker{n: n, made: map[int]int{}, done: map[int]bool{}} }

// again lets a next run begin: what was not acknowledged is given again.
func (b *broker) again() {
	b.next = b.acked
	clear(b.made)
}

func (b *broker) Fetch(_ context.Context, most int) ([]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var items []int
	for len(items) < most && b.next < b.n {
		items = append(items, b.first+b.next)
		b.made[b.first+b.next] = 1
		b.next++
	}
	if b.next == b.n {
		return items, io.EOF
	}
	return items, nil
}

func (b *broker) Ack(_ context.Context, items []int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acks++
	for _, m := range items {
		if want := b.first + b.acked; m != want {
			b.faults = append(b.faults, fmt.Sprintf("acknowledged %d, want %d", m, want))
		}
		if left := b.made[m]; left != 0 {
			b.faults = append(b.faults, fmt.Sprintf("acknowledged %d with %d of it on the way", m, left))
		}
		b.acked++
	}
	return nil
}

// add says that n more items of a message are on their way, or fewer.
func (b *broker) add(m, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m < b.first || m >= b.first+b.n {
		return
	}
	b.made[m] += n
	if b.made[m] == 0 {
		b.done[m] = true
	}
}

// require tells that nothing was acknowledged too early.
func (b *broker) require(t rapid.TB) {
	t.Helper()
	for _, f := range b.faults {
		t.Error(f)
	}
}

// toldQueue is a queue that tells of each record it has taken.
type toldQueue struct {
	memoryQueue
	onPush func(record []byte)
}

func (q *toldQueue) PushBatch(ctx context.Context, records [][]byte) error {
	err := q.memoryQueue.PushBatch(ctx, records)
	for _, r := range records {
		q.onPush(r)
	}
	return err
}

// delivery is a message in a pipeline. One that was in a queue is the queue's to give.
type delivery struct {
	message int
	queued  bool
}

// pipe makes random pipelines of which the broker is told what becomes of items.
type pipe struct{ b *broker }

func (p *pipe) left(d delivery) {
	if !d.queued {
		p.b.add(d.message, -1)
	}
}

type ds = streams.Stream[delivery]

// steps are what a pipeline is made of, by name.
func (p *pipe) steps() map[string]func(s ds, k int) ds {
	same := func(_ context.Context, d delivery) (delivery, error) { return d, nil }
	fails := func(k int, settle func(delivery)) func(context.Context, delivery) (delivery, error) {
		return func(_ context.Context, d delivery) (delivery, error) {
			if d.message%(k+1) == k {
				settle(d)
				return d, errBoom
			}
			return d, nil
		}
	}
	none := func(delivery) {}
	put := func(_ context.Context, d delivery, _ error) error { p.left(d); return nil }
	return map[string]func(s ds, k int) ds{
		"map":       func(s ds, _ int) ds { return streams.Map(s, same) },
		"skip":      func(s ds, k int) ds { return streams.Map(s.SkipErrors(), fails(k, p.left)) },
		"dead":      func(s ds, k int) ds { return streams.Map(s.DeadLetter(put), fails(k, none)) },
		"ordered":   func(s ds, k int) ds { return streams.Map(s.Parallel(k).SkipErrors(), fails(k, p.left)) },
		"unordered": func(s ds, k int) ds { return streams.Map(s.Parallel(k).Unordered(), same) },
		"by key": func(s ds, k int) ds {
			return streams.Map(streams.ParallelBy(s, k, func(d delivery) int { return d.message }), same)
		},
		"filter": func(s ds, k int) ds {
			return s.Filter(func(d delivery) bool {
				if d.message%(k+1) == 0 {
					p.left(d)
					return false
				}
				return true
			})
		},
		"batch":       func(s ds, k int) ds { return streams.Flatten(streams.Batch(s, k, 0)) },
		"timed batch": func(s ds, k int) ds { return streams.Flatten(streams.Batch(s, k, time.Hour)) },
		"flatmap": func(s ds, k int) ds {
			return streams.FlatMap(s, func(_ context.Context, d delivery) ([]delivery, error) {
				if d.queued {
					return []delivery{d}, nil
				}
				p.b.add(d.message, k-1)
				return slices.Repeat([]delivery{d}, k), nil
			})
		},
		"buffer": func(s ds, k int) ds { return s.Buffer(k, streams.Block) },
		"slide":  func(s ds, k int) ds { return s.OnDrop(p.dropped).Buffer(k, streams.DropOldest) },
		"latest": func(s ds, k int) ds { return s.OnDrop(p.dropped).Buffer(k, streams.Latest) },
		"newest": func(s ds, k int) ds { return s.OnDrop(p.dropped).Buffer(k, streams.DropNewest) },
		"merge":  func(s ds, k int) ds { return streams.Merge(s, streams.FromSlice(make([]delivery, k)).Filter(none2)) },
		"sorted": func(s ds, _ int) ds { return s.Sorted(1<<20, func(a, b delivery) int { return b.message - a.message }) },
		"spill":  p.spill,
		"tee": func(s ds, k int) ds {
			s = s.Tap(func(d delivery) {
				if !d.queued {
					p.b.add(d.message, 1)
				}
			})
			return s.Tee(func(ctx context.Context, in ds) error {
				return in.Buffer(k, streams.Block).ForEach(ctx, func(_ context.Context, d delivery) error { p.left(d); return nil })
			})
		},
		"windows": p.windows,
		"sessions": func(s ds, k int) ds {
			cfg := streams.SessionConfig[delivery]{Time: happened, Gap: time.Duration(k) * time.Second, OnLate: p.left, MaxOpen: 1 << 20}
			join := func(a, b []delivery) []delivery { return append(a, b...) }
			return values(streams.Sessions(s.Filter(p.fifth), cfg, noDeliveries, addDelivery, join))
		},
		"expand": func(s ds, _ int) ds {
			return streams.Expand(s, func(_ context.Context, d delivery) iter.Seq[delivery] {
				return func(yield func(delivery) bool) { yield(d) }
			})
		},
		"conflate": func(s ds, _ int) ds {
			return streams.Flatten(streams.Conflate(s,
				func(d delivery) []delivery { return []delivery{d} },
				func(acc []delivery, d delivery) []delivery { return append(acc, d) }))
		},
	}
}

func none2(delivery) bool { return false }

func happened(d delivery) time.Time { return time.Unix(int64(d.message), 0) }

func noDeliveries() []delivery { return nil }

func addDelivery(acc []delivery, d delivery) []delivery { return append(acc, d) }

// values is what windows hold, in a row.
func values(s streams.Stream[streams.Window[[]delivery]]) ds {
	return streams.FlatMap(s, func(_ context.Context, w streams.Window[[]delivery]) ([]delivery, error) { return w.Value, nil })
}

// fifth leaves out some in a row, so that there are gaps.
func (p *pipe) fifth(d delivery) bool {
	if d.message/5%2 == 0 {
		p.left(d)
		return false
	}
	return true
}

// windows puts each item into one window.
func (p *pipe) windows(s ds, k int) ds {
	cfg := streams.WindowConfig[delivery]{
		Time: happened, Size: time.Duration(k) * time.Second,
		Lateness: time.Duration(k) * time.Second, OnLate: p.left, MaxOpen: 1 << 20,
	}
	return values(streams.Windows(s, cfg, noDeliveries, addDelivery))
}

func (p *pipe) dropped(items []delivery) {
	for _, d := range items {
		p.left(d)
	}
}

// spill puts items into a queue that is read to its end after the run, as the next process would.
func (p *pipe) spill(s ds, k int) ds {
	queue := &toldQueue{onPush: func(record []byte) { p.b.add(int(record[0])|int(record[1])<<8, -1) }}
	return s.Filter(func(d delivery) bool { return !d.queued }).Spill(k, queue, deliveryCodec{})
}

type deliveryCodec struct{}

func (deliveryCodec) Append(buf []byte, d delivery) ([]byte, error) {
	return append(buf, byte(d.message), byte(d.message>>8)), nil
}

func (deliveryCodec) Decode(record []byte) (delivery, error) {
	return delivery{message: int(record[0]) | int(record[1])<<8, queued: true}, nil
}

// build makes a pipeline of named steps.
func (p *pipe) build(names []string, args []int, chunk func() int) ds {
	s := streams.Map(streams.WithChunk(streams.FromAcknowledged[int](p.b), chunk),
		func(_ context.Context, m int) (delivery, error) { return delivery{message: m}, nil })
	all := p.steps()
	for i, name := range names {
		s = all[name](s, args[i])
	}
	return s
}

func TestWhatIsAcknowledgedWasDoneWithAndNothingIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBroker(rapid.IntRange(0, 300).Draw(t, "messages"))
		p := &pipe{b: b}
		var known []string
		for name := range p.steps() {
			known = append(known, name)
		}
		slices.Sort(known)
		names := rapid.SliceOfN(rapid.SampledFrom(known), 0, 5).Draw(t, "steps")
		args := rapid.SliceOfN(rapid.IntRange(1, 9), len(names), len(names)).Draw(t, "arguments")
		lengths := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 5).Draw(t, "chunks")
		var turn sync.Mutex
		i := 0
		chunk := func() int {
			turn.Lock()
			defer turn.Unlock()
			i++
			return lengths[i%len(lengths)]
		}
		s := p.build(names, args, chunk)
		how := rapid.SampledFrom([]string{"runs out", "fails", "is cancelled", "takes some", "breaks"}).Draw(t, "end")
		at := rapid.IntRange(0, 300).Draw(t, "at")

		err := stopping(t.Context(), p, s, how, at)
		b.require(t)
		if how == "runs out" && err != nil {
			t.Fatalf("got error %v, want none", err)
		}
		if how == "runs out" && b.acked != b.n {
			t.Fatalf("acknowledged %d of %d messages after a run that ended well", b.acked, b.n)
		}
		b.again()
		if err := stopping(t.Context(), p, s, "runs out", 0); err != nil {
			t.Fatalf("got error %v from the second run, want none", err)
		}
		b.require(t)
		if b.acked != b.n {
			t.Errorf("acknowledged %d of %d messages after the second run", b.acked, b.n)
		}
		for m := range b.n {
			if !b.done[m] {
				t.Errorf("message %d was lost", m)
			}
		}
	})
}

// stopping runs s until something happens at an item.
func stopping(ctx context.Context, p *pipe, s ds, how string, at int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	see := func(_ context.Context, d delivery) error {
		if n++; n > at && how == "fails" {
			return errBoom
		}
		p.left(d)
		if n > at && how == "is cancelled" {
			cancel()
		}
		return nil
	}
	switch how {
	case "takes some":
		s = s.Take(at)
	case "breaks":
		for d, err := range s.Seq(ctx) {
			if err != nil {
				return err
			}
			_ = see(ctx, d)
			if n > at {
				break
			}
		}
		return nil
	}
	err := s.ForEach(ctx, see)
	if how == "is cancelled" && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
