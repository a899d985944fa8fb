package streams_test

import (
	"encoding/binary"
	"flag"
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/persistentqueue"
	"github.com/joncrlsn/dque"
	"github.com/nsqio/go-diskqueue"
	rosedb "github.com/rosedblabs/wal"
	tidwall "github.com/tidwall/wal"
	"go.etcd.io/bbolt"
)

// openFastQueue opens a queue whose first records stay in memory. It reports what it does to stderr, but
// for less than errors when told so.
func openFastQueue(tb testing.TB, dir string, inMemory int) *persistentqueue.FastQueue {
	tb.Helper()
	must(tb, flag.Set("loggerLevel", "ERROR"))
	return persistentqueue.MustOpenFastQueue(dir, "bench", inMemory, 0, false)
}

// fastQueue holds nothing in memory. Its failures end the process.
func fastQueue(tb testing.TB, dir string, _ int, _ bool) queue {
	tb.Helper()
	q := openFastQueue(tb, dir, 0)
	return queue{
		push: pushEach(func(rec []byte) error {
			q.TryWriteBlock(rec)
			return nil
		}),
		pop: func(n int, see func([]byte)) error {
			var rec []byte
			for range n {
				rec, _ = q.MustReadBlock(rec[:0])
				see(rec)
			}
			return nil
		},
		close: func() error {
			q.MustClose()
			return nil
		},
	}
}

// rosedbQueue is a log: what was read stays.
func rosedbQueue(tb testing.TB, dir string, each int, durable bool) queue {
	tb.Helper()
	w, err := rosedb.Open(rosedb.Options{DirPath: dir, SegmentSize: rosedb.GB, SegmentFileExt: ".SEG", Sync: durable})
	must(tb, err)
	q := queue{
		push: pushEach(func(rec []byte) error {
			_, err := w.Write(rec)
			return err
		}),
		pop: func(n int, see func([]byte)) error {
			r := w.NewReader()
			for range n {
				rec, _, err := r.Next()
				if err != nil {
					return err
				}
				see(rec)
			}
			return nil
		},
		close: w.Close,
	}
	if each > 1 {
		q.push = func(all [][]byte) error {
			return slabs(all, each, func(part [][]byte) error {
				for _, rec := range part {
					w.PendingWrites(rec)
				}
				_, err := w.WriteAll()
				return err
			})
		}
	}
	return q
}

// tidwallQueue is a log: what was read stays. Its writers must agree on the next number.
func tidwallQueue(tb testing.TB, dir string, each int, durable bool) queue {
	tb.Helper()
	l, err := tidwall.Open(filepath.Join(dir, "log"), &tidwall.Options{NoSync: !durable})
	must(tb, err)
	var mu sync.Mutex
	last, err := l.LastIndex()
	must(tb, err)
	q := queue{
		push: pushEach(func(rec []byte) error {
			mu.Lock()
			defer mu.Unlock()
			last++
			return l.Write(last, rec)
		}),
		pop: func(n int, see func([]byte)) error {
			for i := range n {
				rec, err := l.Read(uint64(i) + 1)
				if err != nil {
					return err
				}
				see(rec)
			}
			return nil
		},
		close: l.Close,
	}
	if each > 1 {
		var batch tidwall.Batch
		q.push = func(all [][]byte) error {
			return slabs(all, each, func(part [][]byte) error {
				for _, rec := range part {
					last++
					batch.Write(last, rec)
				}
				return l.WriteBatch(&batch)
			})
		}
	}
	return q
}

// nsqQueue is the queue of nsq.
func nsqQueue(_ testing.TB, dir string, _ int, durable bool) queue {
	every := int64(math.MaxInt64)
	if durable {
		every = 1
	}
	silent := func(diskqueue.LogLevel, string, ...any) {}
	q := diskqueue.New("bench", dir, 64<<20, 1, 1<<20, every, time.Hour, silent)
	return queue{
		push: pushEach(q.Put),
		pop: func(n int, see func([]byte)) error {
			for range n {
				see(<-q.ReadChan())
			}
			return nil
		},
		close: q.Close,
	}
}

// bboltQueue is a database with a bucket, from which records are deleted when they were read.
func bboltQueue(tb testing.TB, dir string, each int, durable bool) queue {
	tb.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "db"), 0o600, &bbolt.Options{NoSync: !durable})
	must(tb, err)
	name := []byte("bench")
	must(tb, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(name)
		return err
	}))
	return queue{
		push: func(all [][]byte) error {
			return slabs(all, each, func(part [][]byte) error {
				return db.Update(func(tx *bbolt.Tx) error { return put(tx.Bucket(name), part) })
			})
		},
		pop: func(n int, see func([]byte)) error {
			for n > 0 {
				k := min(n, each)
				n -= k
				if err := db.Update(func(tx *bbolt.Tx) error { return shift(tx.Bucket(name), k, see) }); err != nil {
					return err
				}
			}
			return nil
		},
		close: db.Close,
	}
}

func put(b *bbolt.Bucket, part [][]byte) error {
	for _, rec := range part {
		seq, err := b.NextSequence()
		if err != nil {
			return err
		}
		if err := b.Put(binary.BigEndian.AppendUint64(nil, seq), rec); err != nil {
			return err
		}
	}
	return nil
}

func shift(b *bbolt.Bucket, n int, see func([]byte)) error {
	c := b.Cursor()
	for range n {
		_, rec := c.First()
		see(rec)
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// packet is how dque takes a record.
type packet struct{ Data []byte }

func dqueQueue(tb testing.TB, dir string, _ int, durable bool) queue {
	tb.Helper()
	q, err := dque.New("bench", dir, 5000, func() any { return new(packet) })
	must(tb, err)
	if !durable {
		must(tb, q.TurboOn())
	}
	return queue{
		push: pushEach(func(rec []byte) error { return q.Enqueue(&packet{rec}) }),
		pop: func(n int, see func([]byte)) error {
			for range n {
				rec, err := q.Dequeue()
				if err != nil {
					return err
				}
				see(rec.(*packet).Data)
			}
			return nil
		},
		close: q.Close,
	}
}
