package streams_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	tidwall "github.com/tidwall/wal"

	rosedb "github.com/rosedblabs/wal"

	"github.com/goflow-go/goflow/streams/spill"
)

// kept is how many records a queue holds when its files are damaged.
const kept = 1000

// survivors are queues whose directory is damaged: fill puts records there and closes, read opens it anew
// and shows what it gives, until the end or an error.
var survivors = []struct {
	impl string
	fill opener
	read func(tb testing.TB, dir string, see func([]byte))
}{
	{"goflow-metered", goflowQueue, readSpill},
	{"rosedb", rosedbQueue, readRosedb},
	{"tidwall", tidwallQueue, readTidwall},
	{"victoriametrics", fastQueue, readFast},
}

// damages are done to the file that holds the records.
var damages = []struct {
	name string
	do   func(tb testing.TB, file string, all [][]byte)
}{
	{"tail-cut", func(tb testing.TB, file string, _ [][]byte) {
		text, err := os.ReadFile(file)
		must(tb, err)
		end := len(bytes.TrimRight(text, "\x00")) // room made ahead is no record
		must(tb, os.Truncate(file, int64(end-3)))
	}},
	{"bit-flipped", func(tb testing.TB, file string, all [][]byte) {
		text, err := os.ReadFile(file)
		must(tb, err)
		at := bytes.Index(text, all[kept/2][:64]) // a record may be in two parts
		if at < 0 {
			tb.Fatal("the record is not there")
		}
		text[at+32] ^= 4
		must(tb, os.WriteFile(file, text, 0o600))
	}},
}

// BenchmarkDamage cuts three bytes from the last record, or flips a bit of one, and counts of a thousand
// records those that do not come, and those that come altered.
func BenchmarkDamage(b *testing.B) {
	all := records(kept)
	for _, d := range damages {
		b.Run(d.name, func(b *testing.B) {
			for _, s := range survivors {
				b.Run("impl="+s.impl, func(b *testing.B) {
					var lost, altered int
					for b.Loop() {
						lost, altered = survive(b, s.fill, s.read, d.do, all)
					}
					b.ReportMetric(float64(lost), "lost/1000")
					b.ReportMetric(float64(altered), "altered/1000")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

func TestGoflowLosesOneRecordToDamage(t *testing.T) {
	t.Parallel()
	for _, d := range damages {
		lost, altered := survive(t, goflowQueue, readSpill, d.do, records(kept))
		if lost != 1 || altered != 0 {
			t.Errorf("%s: got %d lost and %d altered, want 1 and 0", d.name, lost, altered)
		}
	}
}

func survive(
	tb testing.TB, fill opener, read func(testing.TB, string, func([]byte)),
	damage func(testing.TB, string, [][]byte), all [][]byte,
) (lost, altered int) {
	tb.Helper()
	dir := tb.TempDir()
	q := fill(tb, dir, 1, false)
	must(tb, q.push(all))
	must(tb, q.close())
	damage(tb, largest(tb, dir), all)
	left := map[string]bool{}
	for _, rec := range all {
		left[string(rec)] = true
	}
	read(tb, dir, func(rec []byte) {
		if !left[string(rec)] {
			altered++
		}
		delete(left, string(rec))
	})
	return len(left), altered
}

func largest(tb testing.TB, dir string) (file string) {
	tb.Helper()
	var most int64
	must(tb, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > most {
			file, most = path, info.Size()
		}
		return err
	}))
	return file
}

func readSpill(tb testing.TB, dir string, see func([]byte)) {
	tb.Helper()
	q, ctx := openSpill(tb, dir, spill.SyncNever), context.Background()
	for range q.Len() {
		ended, cancel := context.WithCancel(ctx)
		cancel() // what is there is taken all the same
		rec, err := q.Pop(ended)
		if errors.Is(err, context.Canceled) {
			break
		}
		must(tb, err)
		see(rec.Data)
	}
	must(tb, q.Close(ctx))
}

func readRosedb(tb testing.TB, dir string, see func([]byte)) {
	tb.Helper()
	w, err := rosedb.Open(rosedb.Options{DirPath: dir, SegmentSize: rosedb.GB, SegmentFileExt: ".SEG"})
	if err != nil {
		return
	}
	r := w.NewReader()
	for {
		rec, _, err := r.Next()
		if err != nil {
			break
		}
		see(rec)
	}
	must(tb, w.Close())
}

func readTidwall(tb testing.TB, dir string, see func([]byte)) {
	tb.Helper()
	l, err := tidwall.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		return
	}
	for i := range kept {
		rec, err := l.Read(uint64(i) + 1)
		if err != nil {
			break
		}
		see(rec)
	}
	must(tb, l.Close())
}

func readFast(tb testing.TB, dir string, see func([]byte)) {
	tb.Helper()
	q := openFastQueue(tb, dir, 0)
	q.UnblockAllReaders()
	for {
		rec, ok := q.MustReadBlock(nil)
		if !ok {
			break
		}
		see(rec)
	}
	q.MustClose()
}
