package streams_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/goflow-go/goflow/streams"
	"github.com/goflow-go/goflow/streams/spill"
)

// inMemory is how many records wait in memory before disk is used.
const inMemory = 4096

// parcel is a record as a value.
type parcel [recordBytes]byte

// parcels takes records apart and puts them together.
type parcels struct{}

func (parcels) Append(buf []byte, p parcel) ([]byte, error) { return append(buf, p[:]...), nil }

func (parcels) Decode(record []byte) (parcel, error) { return parcel(record), nil }

// relays hand records from one goroutine to another, over memory and disk. With wait the consumer begins
// when the producer is done, so that nearly all go over the disk. spilled is how many did, where that is told.
var relays = []struct {
	impl string
	run  func(tb testing.TB, dir string, records int, wait bool) (spilled int)
}{
	{"goflow-metered", goflowRelay},
	{"victoriametrics", fastRelay},
	{"go-diskqueue", nsqRelay},
}

// BenchmarkOverflow hands over records that memory has no room for.
func BenchmarkOverflow(b *testing.B) {
	const n = 1 << 17
	for _, mode := range []struct {
		name string
		wait bool
	}{{"side-by-side", false}, {"burst", true}} {
		b.Run(mode.name, func(b *testing.B) {
			for _, r := range relays {
				b.Run("impl="+r.impl, func(b *testing.B) {
					spilled := 0
					for b.Loop() {
						spilled += r.run(b, b.TempDir(), n, mode.wait)
					}
					perItem(b, n)
					if spilled > 0 {
						b.ReportMetric(float64(spilled)/float64(b.N)/n, "spilled/record")
					}
				})
			}
		})
	}
}

func TestRelaysHandOverAll(t *testing.T) {
	t.Parallel()
	for _, r := range relays {
		for _, wait := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, wait %t", r.impl, wait), func(t *testing.T) {
				r.run(t, t.TempDir(), 3*inMemory, wait)
			})
		}
	}
}

// number makes the record with a number.
//
//go:noinline
func (p *parcel) number(i int) { binary.LittleEndian.PutUint64(p[:], uint64(i)+1) }

func goflowRelay(tb testing.TB, dir string, n int, wait bool) int {
	tb.Helper()
	ctx, r := context.Background(), reader{}
	q := openSpill(tb, dir, spill.SyncNever)
	i, produced := 0, make(chan struct{})
	source := streams.Generate(func(context.Context) (p parcel, ok bool, err error) {
		if i == n {
			close(produced)
			return p, false, nil
		}
		p.number(i)
		i++
		return p, true, nil
	})
	err := named(source).Spill(inMemory, q.Buffer(), parcels{}).ForEach(ctx, func(_ context.Context, p parcel) error {
		if wait {
			<-produced
		}
		r.see(p[:])
		return nil
	})
	must(tb, err)
	r.check(tb, n)
	spilled := int(q.Stats().Pushed)
	must(tb, q.Close(ctx))
	return spilled
}

func fastRelay(tb testing.TB, dir string, n int, wait bool) int {
	tb.Helper()
	q, r := openFastQueue(tb, dir, inMemory), reader{}
	produce(n, wait, func(p *parcel) { q.TryWriteBlock(p[:]) }, func() {
		var rec []byte
		for range n {
			rec, _ = q.MustReadBlock(rec[:0])
			r.see(rec)
		}
	})
	r.check(tb, n)
	q.MustClose()
	return 0
}

// nsqRelay has no memory: all goes over the disk.
func nsqRelay(tb testing.TB, dir string, n int, wait bool) int {
	tb.Helper()
	q, r := nsqQueue(tb, dir, 1, false), reader{}
	produce(n, wait, func(p *parcel) {
		if err := q.push([][]byte{p[:]}); err != nil {
			tb.Error(err)
		}
	}, func() {
		if err := q.pop(n, r.see); err != nil {
			tb.Error(err)
		}
	})
	r.check(tb, n)
	must(tb, q.close())
	return 0
}

// produce pushes records in a goroutine of its own, and runs the consumer beside it or after it.
func produce(n int, wait bool, push func(*parcel), consume func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		var p parcel
		for i := range n {
			p.number(i)
			push(&p)
		}
	})
	if wait {
		wg.Wait()
	}
	consume()
	wg.Wait()
}
