package streams_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"
)

const recordBytes = 256

// queue is a queue on disk. push puts records at the end, pop takes so many from the front and shows them,
// both in calls for so many as it was opened for. Only push may be called from several goroutines.
type queue struct {
	push  func(records [][]byte) error
	pop   func(n int, see func(record []byte)) error
	close func() error
}

// opener opens the queue of a directory, for calls of so many records each. A durable one has every record
// on disk when push returns.
type opener func(tb testing.TB, dir string, each int, durable bool) queue

// queues are on disk and keep their order.
var queues = []struct {
	impl    string
	open    opener
	records int  // pushed and popped in a run: fewer of what takes long
	batches bool // it is measured with several records in a call
	durable bool // it can sync each record
}{
	{"goflow-metered", goflowQueue, 1 << 16, true, true},
	{"goflow-reuse", goflowReuse, 1 << 16, false, false},
	{"victoriametrics", fastQueue, 1 << 16, true, false}, // one at a time, also beside those that take 64
	{"rosedb", rosedbQueue, 1 << 15, true, true},
	{"tidwall", tidwallQueue, 1 << 15, true, true},
	{"go-diskqueue", nsqQueue, 1 << 15, false, true},
	{"bbolt", bboltQueue, 1 << 11, true, true},
	{"dque", dqueQueue, 1 << 13, false, true},
}

// records are distinct: each begins with its number.
func records(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, recordBytes)
		binary.LittleEndian.PutUint64(all[i], uint64(i)+1)
		for j := 8; j < recordBytes; j++ {
			all[i][j] = byte(i+j) | 1
		}
	}
	return all
}

// reader checks that records come in order.
type reader struct{ got, wrong int }

//go:noinline
func (r *reader) see(record []byte) {
	r.got++
	if len(record) != recordBytes || binary.LittleEndian.Uint64(record) != uint64(r.got) {
		r.wrong++
	}
}

func (r *reader) check(tb testing.TB, want int) {
	tb.Helper()
	if r.got != want || r.wrong > 0 {
		tb.Fatalf("got %d records, %d of them wrong, want %d", r.got, r.wrong, want)
	}
}

// BenchmarkQueue pushes all records and then pops them. Nothing is synced.
func BenchmarkQueue(b *testing.B) {
	for _, each := range []int{1, 64} {
		b.Run(fmt.Sprintf("each=%d", each), func(b *testing.B) {
			for _, q := range queues {
				if q.batches || each == 1 {
					b.Run("impl="+q.impl, func(b *testing.B) { pushAndPop(b, q.open, each, records(q.records)) })
				}
			}
		})
	}
}

func pushAndPop(b *testing.B, open opener, each int, all [][]byte) {
	b.Helper()
	var pushing, popping time.Duration
	for b.Loop() {
		q, r := open(b, b.TempDir(), each, false), reader{}
		begin := time.Now()
		must(b, q.push(all))
		pushed := time.Now()
		must(b, q.pop(len(all), r.see))
		popping += time.Since(pushed)
		pushing += pushed.Sub(begin)
		r.check(b, len(all))
		must(b, q.close())
	}
	n := float64(b.N) * float64(len(all))
	b.ReportMetric(float64(pushing)/n, "ns/push")
	b.ReportMetric(float64(popping)/n, "ns/pop")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDurable pushes records, each of which is on disk when its push returns.
func BenchmarkDurable(b *testing.B) {
	all := records(256)
	for _, goroutines := range []int{1, 8} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			for _, q := range queues {
				if q.durable {
					b.Run("impl="+q.impl, func(b *testing.B) { pushDurably(b, q.open, goroutines, all) })
				}
			}
		})
	}
}

func pushDurably(b *testing.B, open opener, goroutines int, all [][]byte) {
	b.Helper()
	q := open(b, b.TempDir(), 1, true)
	for b.Loop() {
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := g; i < len(all); i += goroutines {
					if err := q.push(all[i : i+1]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(all)), "us/push")
	b.ReportMetric(0, "ns/op")
	must(b, q.close())
}

func TestQueuesGiveWhatTheyTook(t *testing.T) {
	t.Parallel()
	all := records(640)
	for _, q := range queues {
		for _, each := range []int{1, 64} {
			if !q.batches && each > 1 {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d each", q.impl, each), func(t *testing.T) {
				opened, r := q.open(t, t.TempDir(), each, false), reader{}
				must(t, opened.push(all))
				must(t, opened.pop(len(all), r.see))
				r.check(t, len(all))
				must(t, opened.close())
			})
		}
	}
}
